using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// Keeps one row of twins. Where rows are merged, NULL is a value of a key like others, for a table that is merged has one row of each key. Where rows are appended, a row without
/// its whole key is told from others by all of its values, so that none is lost.
/// </summary>
internal static class DedupeSql
{
    /// <summary>The first row of each key in the order of files and records, and none that the table has already.</summary>
    /// <param name="rows">A table with the rows, in order.</param>
    /// <param name="keys">Table columns.</param>
    /// <param name="known">The table whose rows count too; null when there is none or it is replaced.</param>
    /// <param name="keyless">The rows' columns, when there are rows without their whole key of which the table may have some; null when they are all new.</param>
    public static string First(string rows, IReadOnlyList<string> keys, KnownRows? known, IReadOnlyList<string>? keyless = null)
    {
        var complete = Complete(keys);
        var sql = $"SELECT * EXCLUDE (_ff_twin) FROM (SELECT *, CASE WHEN {complete} THEN row_number() OVER (PARTITION BY {SqlText.Identifiers(keys)} ORDER BY rowid) ELSE 1 END AS _ff_twin FROM {rows}) AS numbered WHERE _ff_twin = 1";
        if (known is null || !keys.All(known.Has)) return sql;
        sql = $"SELECT fresh.* FROM ({sql}) AS fresh ANTI JOIN {known.Select(keys)} AS known ON {known.AreEqual(keys)}";
        return keyless is null ? sql : $"SELECT * FROM ({sql}) AS keyed WHERE {complete} UNION ALL ({Unknown(rows, keyless, $"NOT ({complete})", known, $"NOT ({complete})")})";
    }

    /// <summary>The number of rows in which a part of the key is NULL.</summary>
    public static string Keyless(string rows, IReadOnlyList<string> keys) => $"SELECT count(*) FROM {rows} WHERE NOT ({Complete(keys)})";

    /// <summary>The row of each key that came last: by watermark, then by the order of files and records.</summary>
    public static string Last(string rows, IReadOnlyList<string> keys, string? watermark)
    {
        if (watermark is not null)
            return $"SELECT * EXCLUDE (_ff_twin) FROM (SELECT *, row_number() OVER (PARTITION BY {SqlText.Identifiers(keys)} ORDER BY {SqlText.Identifier(watermark)} DESC NULLS LAST, rowid DESC) AS _ff_twin FROM {rows}) AS numbered WHERE _ff_twin = 1";
        // Only the keys are grouped: a window would carry all columns through a sort.
        return $"SELECT numbered.* FROM {rows} AS numbered SEMI JOIN (SELECT max(rowid) AS last FROM {rows} GROUP BY {SqlText.Identifiers(keys)}) AS kept_rows ON numbered.rowid = kept_rows.last";
    }

    /// <summary>Of the rows those whose key the table lacks, and those that are newer by watermark than what it has.</summary>
    public static string Newer(string rows, IReadOnlyList<string> keys, string? watermark, KnownRows known)
    {
        if (keys.Count == 0 || !keys.All(known.Has)) return rows;
        var mark = watermark is null || !known.Has(watermark) ? null : watermark;
        var same = known.AreEqual(keys, nullsToo: true) + (mark is null ? "" : $" AND (fresh.{SqlText.Identifier(mark)} IS NULL OR known.{SqlText.Identifier(mark)} >= {known.Fresh(mark)})");
        return $"SELECT fresh.* FROM ({rows}) AS fresh ANTI JOIN {known.Select(mark is null || keys.Contains(mark) ? keys : [.. keys, mark])} AS known ON {same}";
    }

    /// <summary>Rows that an earlier run has loaded already are left out, as many as there are: two equal rows are two rows.</summary>
    /// <param name="rows">A table with the rows, in order.</param>
    /// <param name="columns">Their columns, reserved ones aside.</param>
    /// <param name="range">A condition over the table for the rows that may be among them; null for all.</param>
    /// <param name="known">The table.</param>
    /// <param name="only">A condition for the rows that are looked at; null for all.</param>
    public static string Unknown(string rows, IReadOnlyList<string> columns, string? range, KnownRows known, string? only = null)
    {
        var shared = columns.Where(known.Has).ToList();
        var list = SqlText.Identifiers(shared);
        return $"""
            SELECT fresh.* EXCLUDE (_ff_twin) FROM (SELECT *, row_number() OVER (PARTITION BY {list} ORDER BY rowid) AS _ff_twin FROM {rows}{(only is null ? "" : " WHERE " + only)}) AS fresh
            LEFT JOIN (SELECT {list}, count(*) AS _ff_times FROM {known.Select(shared)} AS of_table{(range is null ? "" : " WHERE " + range)} GROUP BY ALL) AS known ON {known.AreEqual(shared, nullsToo: true)}
            WHERE _ff_twin > coalesce(_ff_times, 0)
            """;
    }

    /// <summary>
    /// As <see cref="Unknown"/>, for rows that were rejected once: a source that was read from the same place again has given them again, and they may have been loaded since. What their
    /// own run loaded are other rows, and what several runs rejected is one row.
    /// </summary>
    public static string UnknownSince(string rows, IReadOnlyList<string> columns, KnownRows known)
    {
        var shared = columns.Where(known.Has).ToList();
        var list = SqlText.Identifiers(shared);
        var same = known.AreEqual(shared, nullsToo: true);
        return $"""
            SELECT fresh.* EXCLUDE (_ff_twin) FROM
                (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {list}, {RowSet.RejectedIn} ORDER BY rowid) AS _ff_twin FROM {rows}) AS numbered QUALIFY row_number() OVER (PARTITION BY {list}, _ff_twin ORDER BY _ff_record, {RowSet.RejectedIn}) = 1) AS fresh
            LEFT JOIN (SELECT {list}, count(*) AS _ff_times FROM {known.Select(shared)} AS of_table GROUP BY ALL) AS known ON {same}
            LEFT JOIN (SELECT {list}, _ff_run, count(*) AS _ff_times FROM {known.Select(shared, withRun: true)} AS of_table GROUP BY ALL) AS own ON {same.Replace("known.", "own.", StringComparison.Ordinal)} AND own._ff_run = fresh.{RowSet.RejectedIn}
            WHERE _ff_twin > coalesce(known._ff_times, 0) - coalesce(own._ff_times, 0)
            """;
    }

    private static string Complete(IReadOnlyList<string> keys) => string.Join(" AND ", keys.Select(k => $"{SqlText.Identifier(k)} IS NOT NULL"));

    /// <summary>The table column that a job names, as it is or by its standard form.</summary>
    public static string Find(string name, IReadOnlyList<string> columns, string code, string what) =>
        columns.FirstOrDefault(c => string.Equals(c, name, StringComparison.OrdinalIgnoreCase)) ?? columns.FirstOrDefault(c => string.Equals(c, ColumnNames.Standard(name), StringComparison.OrdinalIgnoreCase))
        ?? throw new JobFailedException(code, $"The {what} '{name}' is not among the columns: {string.Join(", ", columns)}.", "Correct the name; it is meant after renaming.");
}
