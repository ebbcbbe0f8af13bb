using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Ingest.Delivering;

/// <summary>
/// <c>mode: append</c>: a folder with a file for each delivered version, and the list of them. The list is the truth about what was delivered: it is put in
/// one step after the file, names its version, and is what the next delivery goes on from; so neither a kill nor a run that was given up leads to a row
/// that is there twice or not at all. Files of ours that it does not name are taken away.
/// </summary>
internal sealed partial class FolderDelivery(DeliveryJob job, SinkFiles sink, LakeStore lake)
{
    /// <summary>The list's name in the folder.</summary>
    public const string ListName = "_delivery.json";

    private const string Prefix = "part-";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public async Task<JobOutcome> RunAsync(CancellationToken ct)
    {
        var list = await ReadAsync(ct).ConfigureAwait(false);
        if (list is not null && list.Delivery != job.Name) throw job.NotOurs($"the files in {job.Path}");
        if (list is null && job.Known is null && await sink.FilesAsync(job.Path, ct).ConfigureAwait(false) is { Count: > 0 }) throw job.NotOurs($"the files in {job.Path}");

        var table = job.Table;
        if (job.Overtaken(list?.TableId, list?.Version) is { } overtaken) return overtaken;
        var goesOn = list is not null && list.TableId == table.TableId && list.Format == job.Delivery.Format;
        if (goesOn && list!.Version == table.Version && (!job.Request.FullRefresh || list.Run == job.Request.RunId)) return await ThereAsync(list, ct).ConfigureAwait(false);

        job.Begin();
        var added = goesOn && !job.Request.FullRefresh && list!.Version < table.Version && Before(list.Version) is { } before ? table.AddedSince(before) : null;
        if (list is not null && added is null) job.Log.Info($"{job.Delivery.From} did more than grow since version {list.Version}, or that version can no longer be read: all of its rows are delivered anew.");
        var next = new DeliveredFiles(job.Name, job.Delivery.From, table.TableId, table.Version, job.Delivery.Format!, job.Request.RunId, added is null ? [] : list!.Files);
        long rows = 0, bytes = 0;
        if (added is null || added.Count > 0)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{table.Version:D10}{(added is null ? "-all" : "")}.{job.Delivery.Format}");
            (var file, rows) = await job.Rows.WriteAsync(table, added ?? table.Files, job.Delivery.Format!, name, ct).ConfigureAwait(false);
            using var content = job.Rows.Open(file, rows);
            bytes = content.Length;
            await sink.PutAsync(job.Path + name, content, ct).ConfigureAwait(false);
            next = next with { Files = [.. next.Files, new DeliveredFile(name, rows, bytes, table.Version)] };
        }
        using (var content = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(next, Json))) await sink.PutAsync(job.Path + ListName, content, ct).ConfigureAwait(false);
        await FinishAsync(next, ct).ConfigureAwait(false);
        job.Log.Info($"{job.Path}: {(added is null ? "all" : "new")} {Rows.Of(rows)} of {job.Delivery.From} up to version {table.Version}, {bytes} bytes; {next.Rows} rows in {next.Files.Count} files are there.");
        return DeliveryJob.Done(rows, bytes, Note(rows, added is not null));
    }

    /// <summary>The version is there: by an earlier attempt of this run, or by another run.</summary>
    private async Task<JobOutcome> ThereAsync(DeliveredFiles list, CancellationToken ct)
    {
        await FinishAsync(list, ct).ConfigureAwait(false);
        job.Log.Info($"{job.Path} holds version {list.Version} of {job.Delivery.From} already.");
        if (list.Run != job.Request.RunId) return DeliveryJob.Done(0, 0, $"version {list.Version} is there already");
        var own = list.Files.Where(f => f.Version == list.Version).ToList();
        return DeliveryJob.Done(own.Sum(f => f.Rows), own.Sum(f => f.Bytes), Note(own.Sum(f => f.Rows), list.Files.Count > own.Count), already: true);
    }

    /// <summary>After the list: what it does not name goes, and the catalog is told.</summary>
    private async Task FinishAsync(DeliveredFiles list, CancellationToken ct)
    {
        var named = list.Files.Select(f => job.Path + f.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var file in await sink.FilesAsync(job.Path, ct).ConfigureAwait(false))
            if (file.Path.StartsWith(job.Path, StringComparison.Ordinal) && OwnName().IsMatch(file.Path[job.Path.Length..]) && !named.Contains(file.Path)) await sink.RemoveAsync(file.Path, ct).ConfigureAwait(false);
        if (job.Known is { } known && known.Version == list.Version && known.TableId == list.TableId && known.RunId == list.Run) return;
        job.Begin();
        job.Record(list.Rows, list.Files.Sum(f => f.Bytes), list.Run);
    }

    /// <summary>What was delivered last; null when it can no longer be told what came since: the log entries of versions long ago are cleaned away.</summary>
    private TableSnapshot? Before(long version)
    {
        try { return lake.Table(TableName.Parse(job.Delivery.From)).At(version); }
        catch (LakeException) { return null; }
    }

    // Others' files are named much alike: Spark's are part-00000-….
    [GeneratedRegex(@"^part-[0-9]{10,}(-all)?\.[a-z0-9.]+$", RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex OwnName();

    private async Task<DeliveredFiles?> ReadAsync(CancellationToken ct)
    {
        if (await sink.GetAsync(job.Path + ListName, ct).ConfigureAwait(false) is not { } bytes) return null;
        try
        {
            return JsonSerializer.Deserialize<DeliveredFiles>(bytes, Json) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new JobFailedException("FF2307", $"The list {job.Path}{ListName} cannot be read: {e.Message}", "It says what was delivered, so nothing was written. Restore it, or empty the folder: then all rows are delivered anew.", inner: e);
        }
    }

    private string Note(long rows, bool grew) => $"{(grew ? "new " : "")}{Rows.Of(rows)} of {job.Delivery.From} version {job.Table.Version} → {job.Delivery.Target}";
}

/// <summary>The list of a folder that is added to.</summary>
/// <param name="Version">All rows of this version are in <paramref name="Files"/>, each once.</param>
/// <param name="Run">The run that put it.</param>
internal sealed record DeliveredFiles(string Delivery, string Table, string TableId, long Version, string Format, string Run, IReadOnlyList<DeliveredFile> Files)
{
    public long Rows => Files.Sum(f => f.Rows);
}

/// <param name="Version">The version that it was put for.</param>
internal sealed record DeliveredFile(string Name, long Rows, long Bytes, long Version);
