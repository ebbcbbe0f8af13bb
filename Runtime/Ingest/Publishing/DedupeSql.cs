using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>Keeps one row for each value of the keys: the first in the order of files and records, and none that the table has already.</summary>
internal static class DedupeSql
{
    /// <param name="rows">A table with the rows, in order.</param>
    /// <param name="job">Its keys.</param>
    /// <param name="columns">Table columns of the rows.</param>
    /// <param name="existing">The table whose rows count too; null when there is none or it is replaced.</param>
    public static string Unique(string rows, IngestDefinition job, IReadOnlyList<string> columns, TableSnapshot? existing)
    {
        var keys = job.DedupeKeys.Select(k => Find(k, columns)).ToList();
        var list = SqlText.Identifiers(keys);
        // NULL is no value: rows without a key are never twins.
        var complete = string.Join(" AND ", keys.Select(k => $"{SqlText.Identifier(k)} IS NOT NULL"));
        var sql = $"SELECT * EXCLUDE (_ff_twin) FROM (SELECT *, CASE WHEN {complete} THEN row_number() OVER (PARTITION BY {list} ORDER BY rowid) ELSE 1 END AS _ff_twin FROM {rows}) AS numbered WHERE _ff_twin = 1";
        if (existing is null || keys.Any(k => existing.Schema.Find(k) is null)) return sql;
        var same = string.Join(" AND ", keys.Select(k => $"fresh.{SqlText.Identifier(k)} = known.{SqlText.Identifier(k)}"));
        return $"SELECT fresh.* FROM ({sql}) AS fresh ANTI JOIN (SELECT {list} FROM {existing.ScanSql()}) AS known ON {same}";
    }

    private static string Find(string key, IReadOnlyList<string> columns) =>
        columns.FirstOrDefault(c => string.Equals(c, key, StringComparison.OrdinalIgnoreCase)) ?? columns.FirstOrDefault(c => string.Equals(c, ColumnNames.Standard(key), StringComparison.OrdinalIgnoreCase))
        ?? throw new JobFailedException("FF2112", $"The dedupe key '{key}' is not among the columns: {string.Join(", ", columns)}.", "Correct the name; it is meant after renaming.");
}
