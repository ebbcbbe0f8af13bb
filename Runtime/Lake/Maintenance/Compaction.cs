using FlowForge.Duck;

namespace FlowForge.Lake.Maintenance;

/// <summary>Rewrites the small files of each partition that has at least two, as one commit that changes no rows.</summary>
internal sealed class Compaction(LakeTable table, DuckSession session, OptimizeOptions options)
{
    public CommitResult? Run(CancellationToken ct)
    {
        using var transaction = table.Begin();
        if (transaction.Base is not { } snapshot) return null;
        var small = snapshot.Files.Where(f => f.Bytes < options.SmallFileBytes)
            .GroupBy(snapshot.PartitionKey)
            .Where(g => g.Count() > 1).SelectMany(g => g).OrderBy(f => f.Order).ToList();
        if (small.Count == 0) return null;
        var order = options.SortBy.Count == 0 ? "" : $" ORDER BY {SqlText.Identifiers(options.SortBy)}";
        var write = new WriteOptions { Mode = CommitMode.Replace, Compression = options.Compression, TargetFileBytes = options.TargetFileBytes };
        transaction.Write(session, $"SELECT * FROM {snapshot.ScanSql(small, withReserved: true)}{order}", write, ct);
        if (transaction.Staged.Count >= small.Count && options.SortBy.Count == 0) return null;
        return transaction.Commit(new CommitOptions { Mode = CommitMode.Replace, Remove = small, DataChange = false, Operation = "OPTIMIZE" }, ct);
    }
}
