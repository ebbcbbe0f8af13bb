using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Formats;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Publishing;

/// <summary>What the rows' columns are against the table's.</summary>
internal static class Drift
{
    /// <summary>Lets the table follow the source, or refuses, as the policy says.</summary>
    /// <returns>True when the table's rows were written anew with wider types.</returns>
    /// <exception cref="JobFailedException">The policy is freeze and the source has changed.</exception>
    public static bool Apply(TableTransaction transaction, DuckSession session, RowSet rows, DriftPolicy policy, WriteOptions write, IJobLog log, CancellationToken ct)
    {
        if (transaction.Base is not { } table) return false;
        var now = rows.Schema();
        var added = now.Columns.Where(c => table.Schema.Find(c.Name) is null).ToList();
        var missing = table.Schema.Columns.Where(c => !c.IsReserved && now.Find(c.Name) is null).ToList();
        // A column without values has no type of its own: it takes the table's.
        var wider = now.Columns.Where(c => table.Schema.Find(c.Name) is { } old && !TypeFit.Fits(c.Type, old.Type)).ToList();
        if (added.Count == 0 && wider.Count == 0)
        {
            if (missing.Count > 0) log.Info($"The source lacks {Names(missing)}: NULL for its rows.");
            return false;
        }
        var changes = string.Join("; ", new[]
        {
            added.Count > 0 ? $"new columns {string.Join(", ", added.Select(c => $"{c.Name} {c.DuckType}"))}" : null,
            wider.Count > 0 ? $"wider types {string.Join(", ", wider.Select(c => $"{c.Name} {table.Schema.Find(c.Name)!.DuckType} → {c.DuckType}"))}" : null,
            missing.Count > 0 ? $"missing columns {Names(missing)}" : null,
        }.Where(t => t is not null));
        if (policy == DriftPolicy.Freeze)
            throw new JobFailedException("FF2051", $"The source has changed against the table: {changes}. Nothing was published.", "Set drift: evolve to let the table follow, or drift: discard to leave new columns out.");
        log.Warning($"The source has changed: {changes}.");
        if (wider.Count == 0) return false;
        transaction.ChangeTypes(session, new TableSchema(wider), write, ct);
        return true;
    }

    private static string Names(IEnumerable<TableColumn> columns) => string.Join(", ", columns.Select(c => c.Name));
}
