using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Delivering;

/// <summary>
/// A table of a system that keeps with its rows what was written last. That mark is the truth about what was delivered, as it came in one step with the rows: so a delivery goes on from what is there, whoever was
/// killed, gave up or lost the catalog before.
/// </summary>
internal sealed class MarkedDelivery(DeliveryJob job, IMarkedSink sink, LakeStore lake)
{
    private readonly string _table = job.Delivery.Table!;

    public async Task<JobOutcome> RunAsync(CancellationToken ct)
    {
        var mark = await MarkAsync(ct).ConfigureAwait(false);
        if (mark is not null && mark.Writer != job.Name)
            throw new JobFailedException("FF2303", $"{job.Delivery.Id} would write into {_table}, which the delivery {mark.Writer} wrote. Nothing was changed there.", "Give the delivery another table, or drop that one.");
        var there = DeliveredKey.Parse(mark?.Key);
        if (job.Overtaken(there?.TableId, there?.Version) is { } overtaken) return overtaken;
        if (there?.TableId == job.Table.TableId && there.Version == job.Table.Version && (!job.Request.FullRefresh || there.Run == job.Request.RunId)) return There(mark!, there);

        job.Begin();
        var keys = job.Delivery.Mode == DeliveryMode.Merge ? job.Delivery.Keys : [];
        CheckKeys(keys);
        var before = job.Request.FullRefresh || there?.TableId != job.Table.TableId ? null : Version(there.Version);
        using var held = before is null ? null : lake.Table(TableName.Parse(job.Delivery.From)).Hold(before);
        using var rows = await OpenAsync(before, keys, ct).ConfigureAwait(false);
        var goesOn = rows is not null;
        if (!goesOn && mark is not null && job.Delivery.Mode != DeliveryMode.Replace) job.Log.Info($"All rows of {job.Delivery.From} are delivered anew: {(job.Request.FullRefresh ? "a full refresh was asked for" : "what has happened since the version that is there cannot be delivered by itself")}.");
        using var all = goesOn ? null : await job.Rows.OpenAsync(job.Table, job.Table.Files, ct).ConfigureAwait(false);
        var given = rows ?? all!;

        var key = new DeliveredKey(job.Table.TableId, job.Table.Version, job.Request.RunId);
        var request = new WriteRequest(_table, given.Schema, $"{job.Name}@{key}", Replace: !goesOn) { Writer = job.Name, After = goesOn ? mark!.Key : null, Keys = keys };
        var written = await SinkCalls.CallAsync(job.Delivery.Target, () => sink.WriteAsync(request, given.BatchesAsync(ct), ct), ct).ConfigureAwait(false);
        if (given.Given > 0 && given.Given != given.Expected || written != given.Expected)
            throw new JobFailedException("FF2304", $"{_table} got {written} rows, {given.Given} were handed over, and {given.Expected} are to be delivered.", "Something else writes there, or the connector is at fault. Start the run with a full refresh to deliver anew.");
        var now = await MarkAsync(ct).ConfigureAwait(false);
        if (now?.Key != request.Key)
            throw new JobFailedException("FF2304", $"{_table} was written, and says that {(now is null ? "nothing was" : $"{now.Key} was last")}.", "Something else writes there, or the connector is at fault. Start the run with a full refresh to deliver anew.");
        Check(now);
        job.Record(now.Rows, 0);
        job.Log.Info($"{_table}: {given.What ?? Rows.Of(written)} of {job.Delivery.From} up to version {job.Table.Version}; {now.Rows} rows are there.");
        return DeliveryJob.Done(written, 0, Note(written, goesOn));
    }

    /// <summary>The version is there: by an earlier attempt of this run, or by another run.</summary>
    private JobOutcome There(WriteMark mark, DeliveredKey there)
    {
        Check(mark);
        if (job.Known is not { } known || known.Version != there.Version || known.TableId != there.TableId)
        {
            job.Begin();
            job.Record(mark.Rows, 0, there.Run);
        }
        job.Log.Info($"{_table} holds version {there.Version} of {job.Delivery.From} already.");
        return there.Run == job.Request.RunId
            ? DeliveryJob.Done(mark.Written, 0, Note(mark.Written, goesOn: mark.Written != mark.Rows), already: true)
            : DeliveryJob.Done(0, 0, $"version {there.Version} is there already");
    }

    /// <summary>The rows or changes since a version; null when all have to be delivered.</summary>
    private async Task<OpenRows?> OpenAsync(TableSnapshot? before, IReadOnlyList<string> keys, CancellationToken ct) => before is null ? null : job.Delivery.Mode switch
    {
        DeliveryMode.Append when job.Table.AddedSince(before) is { } added => await job.Rows.OpenAsync(job.Table, added, ct).ConfigureAwait(false),
        DeliveryMode.Merge when job.Table.ChangedSince(before) is { } changed && before.HasAll(changed.Gone) => await job.Rows.OpenChangesAsync(job.Table, before, changed, keys, job.Delivery.From, ct).ConfigureAwait(false),
        _ => null,
    };

    private TableSnapshot? Version(long version)
    {
        try { return lake.Table(TableName.Parse(job.Delivery.From)).At(version); }
        catch (LakeException)
        {
            // Its log was cleaned away: all rows are delivered.
            return null;
        }
    }

    private void CheckKeys(IReadOnlyList<string> keys)
    {
        if (keys.Where(k => job.Table.Schema.Find(k) is not { IsReserved: false }).ToList() is { Count: > 0 } missing)
            throw new JobFailedException("FF2308", $"{job.Delivery.Id} merges by {string.Join(", ", missing)}, which {job.Delivery.From} does not have. It has: {string.Join(", ", job.Table.Schema.Columns.Where(c => !c.IsReserved).Select(c => c.Name))}.", "Correct keys.");
    }

    /// <summary>The rows that the mark counts are those of the version.</summary>
    private void Check(WriteMark mark)
    {
        if (job.Table.Files.All(f => f.Rows is not null) && mark.Rows != job.Table.Rows)
            throw new JobFailedException("FF2304", $"{_table} has {mark.Rows} delivered rows, and version {job.Table.Version} of {job.Delivery.From} has {job.Table.Rows}.", "Start the run with a full refresh to deliver all rows anew.");
    }

    private Task<WriteMark?> MarkAsync(CancellationToken ct) => SinkCalls.CallAsync(job.Delivery.Target, () => sink.MarkAsync(_table, ct), ct);

    private string Note(long rows, bool goesOn) => $"{(goesOn ? job.Delivery.Mode == DeliveryMode.Merge ? "changes: " : "new " : "")}{Rows.Of(rows)} of {job.Delivery.From} version {job.Table.Version} → {job.Delivery.Target}";
}

/// <summary>What a mark says of our side: the table's identity, its version, and the run that delivered it. Written behind the delivery's name and an @.</summary>
internal sealed record DeliveredKey(string TableId, long Version, string Run)
{
    public static DeliveredKey? Parse(string? text) =>
        text?[(text.IndexOf('@', StringComparison.Ordinal) + 1)..].Split(':', 3) is [var table, var version, var run] && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(table, number, run) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{TableId}:{Version}:{Run}");
}
