using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Publishing;

/// <summary>Keeps one row of twins. A NULL in a key is no value: such rows are never twins.</summary>
internal static class DedupeSql
{
    /// <summary>The first row of each key in the order of files and records, and none that the table has already.</summary>
    /// <param name="rows">A table with the rows, in order.</param>
    /// <param name="keys">Table columns.</param>
    /// <param name="existing">The table whose rows count too; null when there is none or it is replaced.</param>
    public static string First(string rows, IReadOnlyList<string> keys, TableSnapshot? existing)
    {
        var sql = One(rows, keys, "rowid");
        if (existing is null || keys.Any(k => existing.Schema.Find(k) is null)) return sql;
        var same = string.Join(" AND ", keys.Select(k => $"fresh.{SqlText.Identifier(k)} = known.{SqlText.Identifier(k)}"));
        return $"SELECT fresh.* FROM ({sql}) AS fresh ANTI JOIN (SELECT {SqlText.Identifiers(keys)} FROM {existing.ScanSql()}) AS known ON {same}";
    }

    /// <summary>The row of each key that came last: by watermark, then by the order of files and records.</summary>
    public static string Last(string rows, IReadOnlyList<string> keys, string? watermark) =>
        One(rows, keys, watermark is null ? "rowid DESC" : $"{SqlText.Identifier(watermark)} DESC NULLS LAST, rowid DESC");

    /// <summary>Of the rows those whose key the table lacks, and those that are newer by watermark than what it has.</summary>
    public static string Newer(string rows, IReadOnlyList<string> keys, string? watermark, TableSnapshot existing)
    {
        if (keys.Count == 0 || keys.Any(k => existing.Schema.Find(k) is null)) return rows;
        var same = string.Join(" AND ", keys.Select(k => $"fresh.{SqlText.Identifier(k)} = known.{SqlText.Identifier(k)}"));
        var mark = watermark is null || existing.Schema.Find(watermark) is null ? null : SqlText.Identifier(watermark);
        if (mark is not null) same += $" AND (fresh.{mark} IS NULL OR known.{mark} >= fresh.{mark})";
        return $"SELECT fresh.* FROM ({rows}) AS fresh ANTI JOIN (SELECT {SqlText.Identifiers(keys)}{(mark is null ? "" : ", " + mark)} FROM {existing.ScanSql()}) AS known ON {same}";
    }

    /// <summary>Rows that an earlier run has loaded already are left out, as many as there are: two equal rows are two rows.</summary>
    /// <param name="rows">A table with the rows, in order.</param>
    /// <param name="columns">Their columns, reserved ones aside.</param>
    /// <param name="range">A condition over the table for the rows that may be among them; null for all.</param>
    /// <param name="existing">The table.</param>
    public static string Unknown(string rows, IReadOnlyList<string> columns, string? range, TableSnapshot existing)
    {
        var known = columns.Where(c => existing.Schema.Find(c) is not null).ToList();
        var list = SqlText.Identifiers(known);
        var same = string.Join(" AND ", known.Select(c => $"fresh.{SqlText.Identifier(c)} IS NOT DISTINCT FROM known.{SqlText.Identifier(c)}"));
        return $"""
            SELECT fresh.* EXCLUDE (_ff_twin) FROM (SELECT *, row_number() OVER (PARTITION BY {list} ORDER BY rowid) AS _ff_twin FROM {rows}) AS fresh
            LEFT JOIN (SELECT {list}, count(*) AS _ff_times FROM {existing.ScanSql()}{(range is null ? "" : " WHERE " + range)} GROUP BY ALL) AS known ON {same}
            WHERE _ff_twin > coalesce(_ff_times, 0)
            """;
    }

    private static string One(string rows, IReadOnlyList<string> keys, string order)
    {
        var complete = string.Join(" AND ", keys.Select(k => $"{SqlText.Identifier(k)} IS NOT NULL"));
        return $"SELECT * EXCLUDE (_ff_twin) FROM (SELECT *, CASE WHEN {complete} THEN row_number() OVER (PARTITION BY {SqlText.Identifiers(keys)} ORDER BY {order}) ELSE 1 END AS _ff_twin FROM {rows}) AS numbered WHERE _ff_twin = 1";
    }

    /// <summary>The table column that a job names, as it is or by its standard form.</summary>
    public static string Find(string name, IReadOnlyList<string> columns, string code, string what) =>
        columns.FirstOrDefault(c => string.Equals(c, name, StringComparison.OrdinalIgnoreCase)) ?? columns.FirstOrDefault(c => string.Equals(c, ColumnNames.Standard(name), StringComparison.OrdinalIgnoreCase))
        ?? throw new JobFailedException(code, $"The {what} '{name}' is not among the columns: {string.Join(", ", columns)}.", "Correct the name; it is meant after renaming.");
}
