using System.Globalization;
using FlowForge.Duck;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>Describes the columns of a view: one scan for the figures, one more for each column's bars.</summary>
internal sealed class Profiler(DuckSession session, string view, IReadOnlyList<TableColumn> columns, CancellationToken ct)
{
    private const int Bars = 24;
    private const int TopValues = 8;
    private const int MostColumns = 200;

    private enum Family { Number, Time, Nested, Other }

    public ProfileNotification Run(long request, string result)
    {
        var shown = columns.Take(MostColumns).ToArray();
        var terms = shown.SelectMany(c => Terms(SqlText.Identifier(c.Name), Of(c.Type))).Prepend("count(*)");
        var figures = session.Rows($"SELECT {string.Join(", ", terms)} FROM {view}", ct)[0];
        var rows = (long)figures[0]!;
        return new ProfileNotification(request, result, rows, [.. shown.Select((c, i) => Column(c, rows, figures.AsSpan(1 + i * 5, 5)))]);
    }

    private static string[] Terms(string name, Family family) =>
    [
        $"count({name})",
        family == Family.Nested ? $"approx_count_distinct({name}::VARCHAR)" : $"approx_count_distinct({name})",
        family == Family.Nested ? "NULL" : $"min({name})::VARCHAR",
        family == Family.Nested ? "NULL" : $"max({name})::VARCHAR",
        family == Family.Number ? $"avg({name})::DOUBLE" : "NULL",
    ];

    private ColumnProfile Column(TableColumn column, long rows, ReadOnlySpan<object?> figures)
    {
        var filled = (long)figures[0]!;
        var distinct = Math.Min(Convert.ToInt64(figures[1], CultureInfo.InvariantCulture), filled);
        var (min, max) = (figures[2] as string, figures[3] as string);
        var mean = figures[4] as double?;
        return new ColumnProfile(column.Name, column.Type, rows - filled, distinct, Cut(min), Cut(max), mean is { } m && double.IsFinite(m) ? m : null, filled == 0 ? [] : BarsOf(column));
    }

    private List<ProfileBar> BarsOf(TableColumn column)
    {
        var name = SqlText.Identifier(column.Name);
        return Of(column.Type) switch
        {
            Family.Number => Spans($"{name}::DOUBLE", x => x.ToString("G6", CultureInfo.InvariantCulture)),
            Family.Time when column.Type.StartsWith("TIME", StringComparison.Ordinal) && !column.Type.StartsWith("TIMESTAMP", StringComparison.Ordinal) => Top(name),
            Family.Time => Spans($"epoch({name}::TIMESTAMP)", x => DateTimeOffset.FromUnixTimeSeconds((long)Math.Clamp(x, -62135596800, 253402300799)).ToString(x % 86400 == 0 || column.Type == "DATE" ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)),
            Family.Nested => [],
            _ => Top(name),
        };
    }

    private List<ProfileBar> Spans(string value, Func<double, string> label)
    {
        var sql = string.Create(CultureInfo.InvariantCulture, $"""
            WITH v AS (SELECT {value} AS x FROM {view}), f AS (SELECT x FROM v WHERE x IS NOT NULL AND isfinite(x)), e AS (SELECT min(x) AS lo, max(x) AS hi FROM f)
            SELECT CASE WHEN hi = lo THEN 0 ELSE least({Bars - 1}, floor((x - lo) / (hi - lo) * {Bars})::INTEGER) END AS bar, count(*), any_value(lo), any_value(hi)
            FROM f, e GROUP BY bar ORDER BY bar
            """);
        var found = session.Rows(sql, ct);
        if (found.Count == 0) return [];
        var (low, high) = ((double)found[0][2]!, (double)found[0][3]!);
        if (low == high) return [new ProfileBar(label(low), label(high), (long)found[0][1]!)];
        var counts = found.ToDictionary(r => Convert.ToInt32(r[0], CultureInfo.InvariantCulture), r => (long)r[1]!);
        var width = (high - low) / Bars;
        return [.. Enumerable.Range(0, Bars).Select(i => new ProfileBar(label(low + i * width), label(low + (i + 1) * width), counts.GetValueOrDefault(i)))];
    }

    private List<ProfileBar> Top(string name)
    {
        var sql = string.Create(CultureInfo.InvariantCulture, $"SELECT {name}::VARCHAR AS v, count(*) AS n FROM {view} WHERE {name} IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT {TopValues}");
        return [.. session.Rows(sql, ct).Select(r => new ProfileBar(Cut((string)r[0]!)!, null, (long)r[1]!))];
    }

    private static string? Cut(string? text) => text is null ? null : KernelProtocol.Cut(text, 200);

    private static Family Of(string type) => type switch
    {
        _ when type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal) || type.StartsWith("MAP", StringComparison.Ordinal) || type.StartsWith("UNION", StringComparison.Ordinal) => Family.Nested,
        "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" or "UBIGINT" or "UHUGEINT" or "FLOAT" or "DOUBLE" => Family.Number,
        _ when type.StartsWith("DECIMAL", StringComparison.Ordinal) => Family.Number,
        _ when type.StartsWith("DATE", StringComparison.Ordinal) || type.StartsWith("TIME", StringComparison.Ordinal) => Family.Time,
        "BLOB" or "BIT" => Family.Nested,
        _ => Family.Other,
    };
}
