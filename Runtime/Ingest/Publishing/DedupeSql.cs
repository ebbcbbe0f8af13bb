using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// Says which rows are the same. Where rows are merged, NULL is a value of a key like others, for a table that is merged has one row of each key. Where rows are appended, a row without
/// its whole key is told from others by all of its values, so that none is lost. All of it are queries for numbers of rows (<see cref="Row"/>), for <see cref="Twins"/>.
/// </summary>
internal static class DedupeSql
{
    /// <summary>The number of a row.</summary>
    public const string Row = "_ff_row";

    /// <summary>How many rows of a group count.</summary>
    public const string Times = "_ff_times";

    /// <summary>Whether the row of a group that is taken is one that counts.</summary>
    public const string Counts = "_ff_counts";

    /// <summary>The first row of each key in the order of files and records. Each row without its whole key stays.</summary>
    /// <param name="rows">A table with the rows, in order.</param>
    /// <param name="keys">Table columns.</param>
    /// <param name="keyless">Whether there are rows without their whole key.</param>
    public static string First(string rows, IReadOnlyList<string> keys, bool keyless) =>
        $"SELECT min(rowid) AS {Row}, count(*) AS {Times}, true AS {Counts} FROM {rows} GROUP BY {SqlText.Identifiers(keys)}{(keyless ? $", CASE WHEN NOT ({Complete(keys)}) THEN rowid END" : "")}";

    /// <summary>The number of rows in which a part of the key is NULL.</summary>
    public static string Keyless(string rows, IReadOnlyList<string> keys) => $"SELECT count(*) FROM {rows} WHERE NOT ({Complete(keys)})";

    /// <summary>The row of each key that came last: by watermark, then by the order of files and records.</summary>
    public static string Last(string rows, IReadOnlyList<string> keys, string? watermark)
    {
        if (watermark is null) return $"SELECT max(rowid) AS {Row}, count(*) AS {Times}, true AS {Counts} FROM {rows} GROUP BY {SqlText.Identifiers(keys)}";
        var group = $"PARTITION BY {SqlText.Identifiers(keys)}";
        return $"""
            SELECT {Row}, {Times}, true AS {Counts} FROM
                (SELECT rowid AS {Row}, count(*) OVER ({group}) AS {Times}, row_number() OVER ({group} ORDER BY {SqlText.Identifier(watermark)} DESC NULLS LAST, rowid DESC) AS _ff_place FROM {rows}) AS placed
            WHERE _ff_place = 1
            """;
    }

    /// <summary>The last change of each key. Changes that the filter leaves out are none that count.</summary>
    public static string LastChange(string rows, IReadOnlyList<string> keys)
    {
        const string IsLeftOut = $"{RowSet.Operation} IS NOT DISTINCT FROM '{RowSet.LeftOut}'";
        return $"SELECT max(rowid) AS {Row}, count(*) FILTER (WHERE NOT ({IsLeftOut})) AS {Times}, max(rowid) IS DISTINCT FROM (max(rowid) FILTER (WHERE {IsLeftOut})) AS {Counts} FROM {rows} GROUP BY {SqlText.Identifiers(keys)}";
    }

    /// <summary>Rows whose key the table has.</summary>
    /// <returns>Null when the table cannot have one.</returns>
    public static string? Known(string rows, IReadOnlyList<string> keys, KnownRows known) => !keys.All(known.Has) ? null
        : $"SELECT fresh.rowid AS {Row} FROM {rows} AS fresh SEMI JOIN {known.Select(keys)} AS known ON {known.AreEqual(keys)}";

    /// <summary>Rows without their whole key that the table has already, as many as it has.</summary>
    public static string? KnownKeyless(string rows, IReadOnlyList<string> keys, IReadOnlyList<string> columns, KnownRows known) => !keys.All(known.Has) ? null
        : KnownValues(rows, columns, $"NOT ({Complete(keys)})", known, $"NOT ({Complete(keys)})");

    /// <summary>Rows whose key the table has, unless they are newer by watermark than what it has.</summary>
    public static string? NotNewer(string rows, IReadOnlyList<string> keys, string? watermark, KnownRows known)
    {
        if (keys.Count == 0 || !keys.All(known.Has)) return null;
        var mark = watermark is null || !known.Has(watermark) ? null : watermark;
        var same = known.AreEqual(keys, nullsToo: true) + (mark is null ? "" : $" AND (fresh.{SqlText.Identifier(mark)} IS NULL OR known.{SqlText.Identifier(mark)} >= {known.Fresh(mark)})");
        return $"SELECT fresh.rowid AS {Row} FROM {rows} AS fresh SEMI JOIN {known.Select(mark is null || keys.Contains(mark) ? keys : [.. keys, mark])} AS known ON {same}";
    }

    /// <summary>Rows that an earlier run has loaded already, as many as there are: two equal rows are two rows.</summary>
    /// <param name="rows">A table with the rows, in order.</param>
    /// <param name="columns">Their columns, reserved ones aside.</param>
    /// <param name="range">A condition over the table for the rows that may be among them; null for all.</param>
    /// <param name="known">The table.</param>
    /// <param name="only">A condition for the rows that are looked at; null for all.</param>
    public static string KnownValues(string rows, IReadOnlyList<string> columns, string? range, KnownRows known, string? only = null)
    {
        var shared = columns.Where(known.Has).ToList();
        var list = SqlText.Identifiers(shared);
        return $"""
            SELECT fresh.{Row} FROM (SELECT {list}, rowid AS {Row}, row_number() OVER (PARTITION BY {list} ORDER BY rowid) AS _ff_twin FROM {rows}{(only is null ? "" : " WHERE " + only)}) AS fresh
            JOIN (SELECT {list}, count(*) AS _ff_times FROM {known.Select(shared)} AS of_table{(range is null ? "" : " WHERE " + range)} GROUP BY ALL) AS known ON {known.AreEqual(shared, nullsToo: true)}
            WHERE _ff_twin <= _ff_times
            """;
    }

    /// <summary>
    /// As <see cref="KnownValues"/>, for rows that were rejected once: a source that was read from the same place again has given them again, and they may have been loaded since. What their
    /// own run loaded are other rows, and what several runs rejected is one row.
    /// </summary>
    public static string KnownSince(string rows, IReadOnlyList<string> columns, KnownRows known)
    {
        var shared = columns.Where(known.Has).ToList();
        var list = SqlText.Identifiers(shared);
        var same = known.AreEqual(shared, nullsToo: true);
        return $"""
            SELECT fresh.{Row} FROM
                (SELECT *, row_number() OVER (PARTITION BY {list}, _ff_twin ORDER BY _ff_record, {RowSet.RejectedIn}) AS _ff_again FROM
                    (SELECT {list}, _ff_record, {RowSet.RejectedIn}, rowid AS {Row}, row_number() OVER (PARTITION BY {list}, {RowSet.RejectedIn} ORDER BY rowid) AS _ff_twin FROM {rows}) AS numbered) AS fresh
            LEFT JOIN (SELECT {list}, count(*) AS _ff_times FROM {known.Select(shared)} AS of_table GROUP BY ALL) AS known ON {same}
            LEFT JOIN (SELECT {list}, _ff_run, count(*) AS _ff_times FROM {known.Select(shared, withRun: true)} AS of_table GROUP BY ALL) AS own ON {same.Replace("known.", "own.", StringComparison.Ordinal)} AND own._ff_run = fresh.{RowSet.RejectedIn}
            WHERE _ff_again > 1 OR _ff_twin <= coalesce(known._ff_times, 0) - coalesce(own._ff_times, 0)
            """;
    }

    private static string Complete(IReadOnlyList<string> keys) => string.Join(" AND ", keys.Select(k => $"{SqlText.Identifier(k)} IS NOT NULL"));

    /// <summary>The table column that a job names, as it is or by its standard form.</summary>
    public static string Find(string name, IReadOnlyList<string> columns, string code, string what) =>
        columns.FirstOrDefault(c => string.Equals(c, name, StringComparison.OrdinalIgnoreCase)) ?? columns.FirstOrDefault(c => string.Equals(c, ColumnNames.Standard(name), StringComparison.OrdinalIgnoreCase))
        ?? throw new JobFailedException(code, $"The {what} '{name}' is not among the columns: {string.Join(", ", columns)}.", "Correct the name; it is meant after renaming.");
}
