using System.Globalization;
using System.Text.Json;
using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>
/// Runs the checks of an ingest job or dataset over the rows of a run: one pass for all that look at a row alone, one more for each that needs other rows. The one
/// place that judges, so that both kinds of jobs mean the same by a check. Checks that take rows out look at all rows, the others at what is left.
/// </summary>
public sealed class CheckRun
{
    private const int Examples = 3;
    private const int LongestSample = 4000;

    private readonly CheckConditions conditions;

    public CheckRun(CheckedRows rows)
    {
        Rows = rows;
        conditions = new CheckConditions(rows.Scan, rows.Find, rows.Table);
    }

    public CheckedRows Rows { get; }

    /// <exception cref="CheckColumnException">A check names a column that the rows have not.</exception>
    public CheckReport Run(IReadOnlyList<CheckDefinition> checks)
    {
        var outcomes = new CheckOutcome?[checks.Count];
        var samples = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        Judge(checks, c => TakesOut(c), outcomes, samples);
        var taking = checks.Where((c, i) => outcomes[i] is { Passed: false }).ToList();
        var rest = taking.Count == 0 ? this : new CheckRun(Rows with
        {
            Scan = $"(SELECT * FROM {Rows.Scan} WHERE NOT ({conditions.OfAny(taking)}))",
            Count = Number(Rows.Query($"SELECT count(*) FROM {Rows.Scan} WHERE NOT ({conditions.OfAny(taking)})")[0][0]),
        });
        rest.Judge(checks, c => !TakesOut(c), outcomes, samples);
        return new CheckReport([.. outcomes.Select(o => o!)], samples);
    }

    /// <summary>True for the rows that fail at least one of the checks, as a condition over the scan; null when none of them is about rows.</summary>
    public string? FailsAny(IEnumerable<CheckDefinition> checks) => conditions.OfAny(checks);

    /// <summary>The condition for one check that is about rows.</summary>
    public string RowCondition(CheckDefinition check) => conditions.OfRows(check)!;

    /// <summary>True for checks whose failing rows do not get into the table.</summary>
    public static bool TakesOut(CheckDefinition check) => check.IsAboutRows && check.OnFail is CheckAction.Quarantine or CheckAction.Drop;

    private void Judge(IReadOnlyList<CheckDefinition> checks, Func<CheckDefinition, bool> asked, CheckOutcome?[] outcomes, Dictionary<string, IReadOnlyList<string>> samples)
    {
        var mine = Enumerable.Range(0, checks.Count).Where(i => asked(checks[i])).ToList();
        var counts = CountFailing([.. mine.Select(i => checks[i])]);
        foreach (var (i, count) in mine.Zip(counts)) outcomes[i] = Judge(checks[i], count, samples);
    }

    // One pass for all conditions that look at nothing but the row.
    private List<long?> CountFailing(List<CheckDefinition> checks)
    {
        var single = checks.Select(conditions.OfRow).ToList();
        var asked = single.OfType<string>().ToList();
        if (asked.Count == 0) return [.. single.Select(_ => (long?)null)];
        var row = Rows.Query($"SELECT {string.Join(", ", asked.Select(c => $"count(*) FILTER (WHERE {c})"))} FROM {Rows.Scan} AS this")[0];
        var next = 0;
        return [.. single.Select(c => c is null ? (long?)null : Number(row[next++]))];
    }

    private CheckOutcome Judge(CheckDefinition check, long? failing, Dictionary<string, IReadOnlyList<string>> samples) => check.Kind switch
    {
        CheckKind.RowCount => JudgeCount(check),
        CheckKind.Freshness => JudgeFreshness(check),
        CheckKind.Anomaly => JudgeAnomaly(check),
        CheckKind.Sql => JudgeRows(check, null, conditions.Failing(check), samples),
        _ => JudgeRows(check, failing, $"(SELECT * FROM {Rows.Scan} AS this WHERE {conditions.OfRows(check)})", samples),
    };

    private CheckOutcome JudgeRows(CheckDefinition check, long? known, string failing, Dictionary<string, IReadOnlyList<string>> samples)
    {
        var count = known ?? Number(Rows.Query($"SELECT count(*) FROM {failing}")[0][0]);
        if (count == 0) return new CheckOutcome(check.Title, check.OnFail, true, 0);
        var rows = Rows.Query($"SELECT CAST(example AS VARCHAR), CAST(to_json(example) AS VARCHAR) FROM (SELECT * FROM {failing} LIMIT {CheckReport.MostSamples}) AS example");
        samples[check.Title] = [.. rows.Select(r => Sample((string?)r[1] ?? "null"))];
        var shown = check.Kind == CheckKind.Unique ? TwinExamples(check) : rows.Take(Examples).Select(r => (string?)r[0] ?? "NULL");
        var what = check.Kind == CheckKind.Sql ? $"{Text(count)} rows found" : $"{Text(count)} of {Text(Rows.Count)} rows fail";
        return new CheckOutcome(check.Title, check.OnFail, false, count, $"{what}, for example {string.Join("; ", shown.Select(t => Cut(t, 300)))}");
    }

    private IEnumerable<string> TwinExamples(CheckDefinition check)
    {
        var key = conditions.Key(check);
        return Rows.Query($"SELECT CAST(example AS VARCHAR) FROM (SELECT {key}, count(*) AS rows FROM {Rows.Scan} WHERE {conditions.KeyIsWhole(check)} GROUP BY {key} HAVING count(*) > 1 ORDER BY rows DESC, {key} LIMIT {Examples}) AS example")
            .Select(r => (string?)r[0] ?? "NULL");
    }

    private CheckOutcome JudgeCount(CheckDefinition check)
    {
        var tooFew = check.Min is { } min && Rows.Count < long.Parse(min, CultureInfo.InvariantCulture);
        var tooMany = check.Max is { } max && Rows.Count > long.Parse(max, CultureInfo.InvariantCulture);
        return tooFew || tooMany
            ? new CheckOutcome(check.Title, check.OnFail, false, Rows.Count, $"there are {Text(Rows.Count)} rows, {(tooFew ? $"at least {check.Min}" : $"at most {check.Max}")} are wanted", Rows.Count)
            : new CheckOutcome(check.Title, check.OnFail, true, 0, Value: Rows.Count);
    }

    private CheckOutcome JudgeFreshness(CheckDefinition check)
    {
        var seconds = Real(Rows.Query($"SELECT {conditions.Newest(check)} FROM {Rows.Scan} AS this")[0][0]);
        if (Rows.Kept is { } kept && new CheckConditions(kept, Rows.Find, Rows.Table) is var old)
            seconds = Newer(seconds, Real(Rows.Query($"SELECT {old.Newest(check)} FROM {kept} AS this")[0][0]));
        if (seconds is not { } newest) return new CheckOutcome(check.Title, check.OnFail, false, 0, $"no row has a {check.Columns[0]}");
        var age = Rows.RunTime - DateTimeOffset.UnixEpoch - TimeSpan.FromSeconds(newest);
        if (age <= check.MaxAge) return new CheckOutcome(check.Title, check.OnFail, true, 0, Value: age.TotalSeconds);
        var time = (DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(newest)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return new CheckOutcome(check.Title, check.OnFail, false, 0, string.Create(CultureInfo.InvariantCulture, $"the newest {check.Columns[0]} is {time}, {age.TotalHours:0.0} hours before the run; at most {check.MaxAge!.Value.TotalHours:0.##} are wanted"), age.TotalSeconds);
    }

    private CheckOutcome JudgeAnomaly(CheckDefinition check)
    {
        var value = Real(Rows.Query($"SELECT {conditions.Measured(check)} FROM {Rows.Scan} AS this")[0][0]);
        if (value is not { } measured) return new CheckOutcome(check.Title, check.OnFail, true, 0, "nothing to measure");
        var earlier = Rows.Earlier(check.Title, check.Runs);
        if (earlier.Count < check.MinRuns)
            return new CheckOutcome(check.Title, check.OnFail, true, 0, $"{Text(earlier.Count)} of {Text(check.MinRuns)} earlier runs that it needs to judge", measured);
        var usual = UsualRange.Of(earlier, check.Sensitivity);
        return usual.Holds(measured)
            ? new CheckOutcome(check.Title, check.OnFail, true, 0, Value: measured)
            : new CheckOutcome(check.Title, check.OnFail, false, 0, string.Create(CultureInfo.InvariantCulture, $"{check.Metric.ToText()} is {measured:0.####}; {usual.Low:0.####} to {usual.High:0.####} is usual after {earlier.Count} earlier runs (median {usual.Median:0.####})"), measured);
    }

    // One JSON value for each row, whatever it holds (DuckDB writes NaN as it is).
    private static string Sample(string json)
    {
        if (json.Length > LongestSample) return JsonSerializer.Serialize(Cut(json, LongestSample));
        try
        {
            using var parsed = JsonDocument.Parse(json);
            return json;
        }
        catch (JsonException)
        {
            return JsonSerializer.Serialize(json);
        }
    }

    private static double? Newer(double? a, double? b) => a is null ? b : b is null ? a : Math.Max(a.Value, b.Value);

    private static long Number(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);

    private static double? Real(object? value) => value is null ? null : Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most] + "…";
}
