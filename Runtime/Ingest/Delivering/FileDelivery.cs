using FlowForge.Catalog;

namespace FlowForge.Ingest.Delivering;

/// <summary>
/// <c>mode: replace</c>: one file that holds one version. The file is put in one step, so that readers see the old one or the new one; after a kill
/// it is put again.
/// </summary>
internal sealed class FileDelivery(DeliveryJob job, SinkFiles sink)
{
    public async Task<JobOutcome> RunAsync(CancellationToken ct)
    {
        var (path, table) = (job.Path, job.Table);
        var there = await sink.FileAsync(path, ct).ConfigureAwait(false);
        var known = job.Known;
        if (there is not null && known is null) throw job.NotOurs(path);
        if (there is not null && job.Overtaken(known!.TableId, known.Version) is { } overtaken) return overtaken;
        if (there is not null && known!.Version == table.Version && known.TableId == table.TableId && known.Settings == job.Delivery.Format && known.Bytes == there.Size && (!job.Request.FullRefresh || known.RunId == job.Request.RunId))
        {
            var own = known.RunId == job.Request.RunId;
            job.Log.Info($"{path} holds version {table.Version} of {job.Delivery.From} already.");
            return own ? DeliveryJob.Done(known.Rows, known.Bytes, Note(known.Rows), already: true) : DeliveryJob.Done(0, 0, $"version {table.Version} is there already");
        }

        job.Begin();
        var (file, rows) = await job.Rows.WriteAsync(table, table.Files, job.Delivery.Format!, path, ct).ConfigureAwait(false);
        long bytes;
        using (var content = job.Rows.Open(file, rows))
        {
            bytes = content.Length;
            await sink.PutAsync(path, content, ct).ConfigureAwait(false);
        }
        job.Record(rows, bytes);
        job.Log.Info($"{path}: {rows} rows of {job.Delivery.From} version {table.Version}, {bytes} bytes.");
        return DeliveryJob.Done(rows, bytes, Note(rows));
    }

    private string Note(long rows) => $"{Rows.Of(rows)} of {job.Delivery.From} version {job.Table.Version} → {job.Delivery.Target}";
}

/// <summary>Numbers of rows in words.</summary>
internal static class Rows
{
    public static string Of(long rows) => rows == 1 ? "1 row" : $"{rows} rows";
}
