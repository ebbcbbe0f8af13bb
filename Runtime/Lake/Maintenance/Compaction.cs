using FlowForge.Duck;

namespace FlowForge.Lake.Maintenance;

/// <summary>
/// Writes files of a partition anew, as one commit that changes no rows: small ones together up to the target size, or, where a sort is asked for, all of a partition that are
/// not sorted so yet. The old files stay until vacuum takes them, so whoever reads an older version goes on.
/// </summary>
internal sealed class Compaction(LakeTable table, DuckSession session, OptimizeOptions options)
{
    private const string SortedTag = "flowforge.sortedBy";

    public CommitResult? Run(CancellationToken ct)
    {
        using var transaction = table.Begin();
        if (transaction.Base is not { } snapshot) return null;
        foreach (var column in options.SortBy.Where(c => snapshot.Schema.Find(c) is null))
            throw new LakeException($"Table {table.Name} has no column '{column}' to sort by. Its columns: {string.Join(", ", snapshot.Schema.Columns.Where(c => !c.IsReserved).Select(c => c.Name))}.");
        var groups = snapshot.Files.GroupBy(snapshot.PartitionKey).SelectMany(g => options.SortBy.Count == 0 ? Bins([.. g]) : Unsorted([.. g])).ToList();
        if (groups.Count == 0) return null;
        var order = options.SortBy.Count == 0 ? "" : $" ORDER BY {SqlText.Identifiers(options.SortBy)}";
        var write = new WriteOptions
        {
            Mode = CommitMode.Replace, Compression = options.Compression, TargetFileBytes = options.TargetFileBytes,
            Tags = options.SortBy.Count == 0 ? null : new Dictionary<string, string> { [SortedTag] = Sorted },
        };
        // One at a time: a sort then needs room for one partition only, and a file gets about the size of what went into it.
        var (done, total) = (0L, groups.Sum(g => g.Sum(f => f.Bytes)));
        foreach (var group in groups)
        {
            var bytes = group.Sum(f => f.Bytes);
            options.Progress?.Invoke(new OptimizeProgress(done, bytes, total));
            transaction.Write(session, $"SELECT * FROM {snapshot.ScanSql(group, withReserved: true)}{order}", write, ct);
            // What was read of this group is not needed again; held on to, a table larger than the cache could never be cared for.
            transaction.ReleaseCopies();
            done += bytes;
        }
        options.Progress?.Invoke(new OptimizeProgress(done, 0, total));
        return transaction.Commit(new CommitOptions { Mode = CommitMode.Replace, Remove = [.. groups.SelectMany(g => g)], DataChange = false, Operation = "OPTIMIZE", Info = options.Info }, ct);
    }

    private string Sorted => string.Join(",", options.SortBy.Select(c => c.ToLowerInvariant()));

    private IEnumerable<List<DataFile>> Bins(List<DataFile> files)
    {
        var bin = new List<DataFile>();
        foreach (var file in files.Where(f => f.Bytes < options.SmallFileBytes))
        {
            if (bin.Count > 0 && bin.Sum(f => f.Bytes) + file.Bytes > options.TargetFileBytes)
            {
                if (bin.Count > 1) yield return bin;
                bin = [];
            }
            bin.Add(file);
        }
        // A file with deleted rows in it gains by being written anew even alone.
        if (bin.Count > 1 || bin is [{ DeletionVector: not null }]) yield return bin;
    }

    private IEnumerable<List<DataFile>> Unsorted(List<DataFile> files)
    {
        if (files.Any(f => f.Tags?.GetValueOrDefault(SortedTag) != Sorted)) yield return files;
    }
}
