using System.Collections;
using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Datasets.Profiling;

/// <summary>
/// Looks at the values of a table version: one pass for all measures (histogram ends come from the files' statistics, so that none is needed for them), and one that counts the
/// most frequent values and forms that the first has found.
/// </summary>
public static class TableProfiler
{
    private const int LongestValue = 100;
    private const int TopValues = 8;
    private const int Bins = 20;

    /// <param name="table">The version.</param>
    /// <param name="session">Free.</param>
    /// <param name="mostRows">A larger table is sampled: whole blocks of it are looked at, chosen by chance with a fixed seed.</param>
    /// <param name="ct">Interrupts.</param>
    public static TableProfileData Profile(TableSnapshot table, DuckSession session, long mostRows, CancellationToken ct)
    {
        var columns = table.Schema.Columns.Where(c => !c.IsReserved).ToList();
        var isSampled = table.Rows > mostRows;
        var sample = isSampled ? string.Create(CultureInfo.InvariantCulture, $" USING SAMPLE {Math.Max(0.1, 100.0 * mostRows / table.Rows):0.####} PERCENT (system, 42)") : "";
        var measures = columns.Select(c => new ColumnMeasures(c, Range(table, c))).ToList();
        var names = string.Join(", ", columns.Select(c => SqlText.Identifier(c.Name)));
        using var held = table.HoldCopies();
        var source = $"(SELECT {names} FROM {table.ScanSql()}{sample})";
        if (isSampled)
        {
            // Both passes look at the same rows.
            session.Execute($"CREATE OR REPLACE TEMP TABLE profile_sample AS FROM {source}", ct);
            source = "profile_sample";
        }
        var row = session.Rows($"SELECT count(*), {string.Join(", ", measures.SelectMany(m => m.Expressions))} FROM {source} AS looked", ct)[0];
        var at = 1;
        var profiles = new List<ColumnProfile>();
        var looked = Convert.ToInt64(row[0], CultureInfo.InvariantCulture);
        foreach (var measure in measures)
        {
            profiles.Add(measure.Read(row.AsSpan(at, measure.Expressions.Count), looked));
            at += measure.Expressions.Count;
        }
        var counted = Counted(session, source, measures, profiles, ct);
        if (isSampled) session.Execute("DROP TABLE profile_sample", CancellationToken.None);
        return new TableProfileData(table.Rows, looked, isSampled, counted);
    }

    private static List<ColumnProfile> Counted(DuckSession session, string source, List<ColumnMeasures> measures, List<ColumnProfile> profiles, CancellationToken ct)
    {
        var asked = new List<string>();
        foreach (var (measure, profile) in measures.Zip(profiles))
        {
            if (profile.Top.Count > 0) asked.Add(Histogram(measure.Shown, profile.Top));
            if (profile.Patterns.Count > 0) asked.Add(Histogram(measure.Form, profile.Patterns));
        }
        if (asked.Count == 0) return profiles;
        var row = session.Rows($"SELECT {string.Join(", ", asked)} FROM {source} AS looked", ct)[0];
        var at = 0;
        return [.. profiles.Select(p =>
        {
            if (p.Top.Count > 0) p = p with { Top = Read(row[at++]) };
            return p.Patterns.Count > 0 ? p with { Patterns = Read(row[at++]) } : p;
        })];

        static string Histogram(string sql, IReadOnlyList<ValueCount> values) => $"map_entries(histogram({sql}) FILTER (WHERE {sql} IN ({string.Join(", ", values.Select(v => SqlText.Literal(v.Value)))})))";

        static List<ValueCount> Read(object? entries) =>
            [.. Entries(entries).Select(e => new ValueCount((string)e.Key!, e.Rows)).OrderByDescending(v => v.Rows).ThenBy(v => v.Value, StringComparer.Ordinal)];
    }

    // What map_entries gives: a list of {key, value}.
    private static IEnumerable<(object? Key, long Rows)> Entries(object? list) => 
        list is IEnumerable items and not string ? items.OfType<IDictionary<string, object?>>().Select(e => (e["key"], Convert.ToInt64(e["value"], CultureInfo.InvariantCulture))) : [];

    // From the log; null when a file does not say.
    private static (double Low, double High)? Range(TableSnapshot table, TableColumn column)
    {
        if (!ColumnMeasures.IsNumber(column.DuckType) || table.Files.Count == 0 || table.PartitionColumns.Contains(column.Name, StringComparer.OrdinalIgnoreCase)) return null;
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var file in table.Files)
        {
            if (file.StatisticsJson is null) return null;
            using var json = System.Text.Json.JsonDocument.Parse(file.StatisticsJson);
            if (Bound(json.RootElement, "minValues", column.Name) is not { } min || Bound(json.RootElement, "maxValues", column.Name) is not { } max)
            {
                // A file whose values are all NULL has no bounds, and no say.
                if (Bound(json.RootElement, "nullCount", column.Name) is { } nulls && nulls == file.Rows) continue;
                return null;
            }
            (low, high) = (Math.Min(low, min), Math.Max(high, max));
        }
        return double.IsFinite(low) && low < high ? (low, high) : null;
    }

    private static double? Bound(System.Text.Json.JsonElement statistics, string kind, string column) =>
        statistics.TryGetProperty(kind, out var values) && values.TryGetProperty(column, out var value) && value.ValueKind == System.Text.Json.JsonValueKind.Number ? value.GetDouble() : null;

    /// <summary>The expressions for one column, and how to read what they gave.</summary>
    private sealed class ColumnMeasures
    {
        private readonly TableColumn column;
        private readonly bool isNumber, isText, isOrdered;
        private readonly (double Low, double High)? range;

        public ColumnMeasures(TableColumn column, (double Low, double High)? range)
        {
            (this.column, this.range) = (column, range);
            (isNumber, isText) = (IsNumber(column.DuckType), column.DuckType == "VARCHAR");
            var isNested = column.DuckType.Contains('(', StringComparison.Ordinal) && !column.DuckType.StartsWith("DECIMAL", StringComparison.Ordinal) || column.DuckType.EndsWith(']');
            isOrdered = !isNested && column.DuckType != "BLOB";
            var name = SqlText.Identifier(column.Name);
            Expressions.Add($"count({name})");
            Expressions.Add(isOrdered ? $"approx_count_distinct({name})" : $"approx_count_distinct(CAST({name} AS VARCHAR))");
            if (isOrdered)
            {
                Expressions.Add($"CAST(min({name}) AS VARCHAR)");
                Expressions.Add($"CAST(max({name}) AS VARCHAR)");
                Expressions.Add($"approx_top_k({Shown}, {TopValues})");
            }
            if (isNumber)
            {
                Expressions.Add($"avg({name})");
                Expressions.Add($"CASE WHEN count({name}) FILTER (WHERE isfinite(CAST({name} AS DOUBLE))) > 1 THEN stddev(CAST({name} AS DOUBLE)) FILTER (WHERE isfinite(CAST({name} AS DOUBLE))) END");
                Expressions.Add($"approx_quantile(CAST({name} AS DOUBLE), [0.05, 0.25, 0.5, 0.75, 0.95])");
                if (range is { } ends) Expressions.Add($"map_entries(histogram(CAST({name} AS DOUBLE), {Edges(ends)}))");
            }
            if (isText)
            {
                Expressions.Add($"min(length({name}))");
                Expressions.Add($"max(length({name}))");
                Expressions.Add($"approx_top_k({Form}, {TopValues})");
            }
        }

        public List<string> Expressions { get; } = [];

        /// <summary>The value as text.</summary>
        public string Shown => $"left(CAST({SqlText.Identifier(column.Name)} AS VARCHAR), {LongestValue})";

        /// <summary>The text's form.</summary>
        public string Form => $"left(regexp_replace(regexp_replace(regexp_replace({SqlText.Identifier(column.Name)}, '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g'), '[0-9]', '9', 'g'), 60)";

        public static bool IsNumber(string type) => type is "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "FLOAT" or "DOUBLE" || type.StartsWith("DECIMAL", StringComparison.Ordinal);

        public ColumnProfile Read(ReadOnlySpan<object?> values, long rows)
        {
            var i = 0;
            var count = Whole(values[i++]);
            var profile = new ColumnProfile { Name = column.Name, Type = column.DuckType, Nulls = rows - count, Distinct = Math.Min(Whole(values[i++]), count) };
            if (isOrdered) profile = profile with { Min = Cut(values[i++]), Max = Cut(values[i++]), Top = Counts(values[i++]) };
            if (isNumber)
            {
                profile = profile with { Mean = Real(values[i++]), Deviation = Real(values[i++]), Quantiles = [.. List(values[i++]).Select(v => Real(v) ?? double.NaN).Where(double.IsFinite)] };
                if (range is { } ends) profile = profile with { Histogram = Histogram(values[i++], ends) };
            }
            if (isText) profile = profile with { Shortest = values[i] is null ? null : Whole(values[i]), Longest = values[++i] is null ? null : Whole(values[i]), Patterns = Counts(values[++i]) };
            return profile;
        }

        private static string Edges((double Low, double High) ends) =>
            "[" + string.Join(", ", Enumerable.Range(1, Bins).Select(n => SqlText.Literal((object)Edge(ends, n)))) + "]";

        private static double Edge((double Low, double High) ends, int n) => n == Bins ? ends.High : ends.Low + ((ends.High - ends.Low) * n / Bins);

        // Upper end and rows; values beyond the last end (there are none when the statistics are right) get an end of their own.
        private static List<HistogramBin> Histogram(object? entries, (double Low, double High) ends)
        {
            var counts = Entries(entries).Where(e => Real(e.Key) is not null).ToDictionary(e => Real(e.Key)!.Value, e => e.Rows);
            return [.. Enumerable.Range(1, Bins).Select(n => new HistogramBin(n == 1 ? ends.Low : Edge(ends, n - 1), Edge(ends, n), counts.GetValueOrDefault(Edge(ends, n))))];
        }

        private static List<ValueCount> Counts(object? list) => [.. List(list).OfType<string>().Select(v => new ValueCount(v, 0))];

        private static IEnumerable<object?> List(object? value) => value is IEnumerable list and not string ? list.Cast<object?>() : [];

        private static long Whole(object? value) => value is null ? 0 : Convert.ToInt64(value, CultureInfo.InvariantCulture);

        private static double? Real(object? value) => value switch
        {
            null => null,
            System.Numerics.BigInteger big => (double)big,
            _ => Convert.ToDouble(value, CultureInfo.InvariantCulture) is var real && double.IsFinite(real) ? real : null,
        };

        private static string? Cut(object? value) => value is string text ? text.Length <= LongestValue ? text : text[..LongestValue] + "…" : null;
    }
}
