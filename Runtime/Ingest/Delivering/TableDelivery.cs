using System.Runtime.CompilerServices;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Delivering;

/// <summary>
/// A table of a system that takes rows: replaced by one version, in one step of the sink. All attempts of a version carry the same key, so that a sink
/// that had it all before a kill does not write it twice.
/// </summary>
internal sealed class TableDelivery(DeliveryJob job, ISink sink)
{
    public async Task<JobOutcome> RunAsync(CancellationToken ct)
    {
        var (table, name) = (job.Table, job.Delivery.Table!);
        if (job.Overtaken(job.Known?.TableId, job.Known?.Version) is { } overtaken) return overtaken;
        if (job.Known is { } known && known.Version == table.Version && known.TableId == table.TableId && (!job.Request.FullRefresh || known.RunId == job.Request.RunId))
        {
            job.Log.Info($"{name} holds version {table.Version} of {job.Delivery.From} already.");
            return known.RunId == job.Request.RunId ? DeliveryJob.Done(known.Rows, 0, Note(known.Rows), already: true) : DeliveryJob.Done(0, 0, $"version {table.Version} is there already");
        }

        job.Begin();
        using var rows = await job.Rows.OpenAsync(table, table.Files, ct).ConfigureAwait(false);
        var key = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{job.Name}@{table.TableId}:{table.Version}{(job.Request.FullRefresh ? $":{job.Request.RunId}" : "")}");
        var written = await SinkCalls.CallAsync(job.Delivery.Target, () => sink.WriteAsync(new WriteRequest(name, rows.Schema, key, Replace: true) { Writer = job.Name }, rows.BatchesAsync(ct), ct), ct).ConfigureAwait(false);
        // A sink that had the key before reads nothing.
        if (rows.Given > 0 && rows.Given != rows.Expected || written != rows.Expected)
            throw new JobFailedException("FF2304", $"{name} got {written} rows, {rows.Given} were handed over, and version {table.Version} of {job.Delivery.From} has {rows.Expected}.", "Something else writes there, or the connector is at fault. Start the run with a full refresh to deliver anew.");
        job.Record(written, 0);
        job.Log.Info($"{name}: {written} rows of {job.Delivery.From} version {table.Version}.");
        return DeliveryJob.Done(written, 0, Note(written));
    }

    private string Note(long rows) => $"{Rows.Of(rows)} of {job.Delivery.From} version {job.Table.Version} → {job.Delivery.Target}";
}

/// <summary>The rows of a version as batches, counted as they are handed over.</summary>
internal sealed class OpenRows(Duck.DuckLease lease, Duck.DuckSession session, Duck.DuckReader reader, long expected, string? what, IProgress<JobProgress> progress) : IDisposable
{
    public Schema Schema => reader.Schema;

    /// <summary>As the table's log says.</summary>
    public long Expected => expected;

    /// <summary>The rows in words, when they are changes.</summary>
    public string? What => what;

    public long Given { get; private set; }

    /// <summary>Each batch belongs to who takes it.</summary>
    public async IAsyncEnumerable<RecordBatch> BatchesAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await foreach (var batch in reader.ReadAllAsync(ct).ConfigureAwait(false))
        {
            Given += batch.Length;
            yield return batch;
            progress.Report(new JobProgress("delivering", Given, expected, 0, null, Given / System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds));
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        session.Dispose();
        lease.Dispose();
    }
}
