using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Datasets.Checks;

/// <summary>
/// Runs a dataset's checks over its staged rows: one pass for all checks that look at single rows, one more for each <c>unique</c>, none for <c>row_count</c>.
/// </summary>
/// <param name="session">Free, with the inputs of the scan.</param>
/// <param name="table">Shown in messages.</param>
/// <param name="scan">The rows, FROM-able.</param>
/// <param name="schema">Their columns.</param>
/// <param name="rows">How many there are.</param>
internal sealed class CheckRun(DuckSession session, string table, string scan, TableSchema schema, long rows)
{
    private const int Samples = 3;

    public IReadOnlyList<CheckOutcome> Run(IReadOnlyList<CheckDefinition> checks, CancellationToken ct)
    {
        var conditions = checks.Select(c => CheckSql.RowFails(c, schema, table)).ToList();
        var counts = CountFailing(conditions, ct);
        return [.. checks.Select((check, i) => Judge(check, conditions[i], counts[i], ct))];
    }

    /// <summary>True for the rows that fail at least one of the checks, as a condition over the scan; null when none of them is about rows.</summary>
    public string? FailsAny(IEnumerable<CheckDefinition> checks)
    {
        var parts = checks.Where(c => c.Kind != CheckKind.RowCount).Select(RowCondition).ToList();
        return parts.Count == 0 ? null : string.Join(" OR ", parts.Select(p => $"({p})"));
    }

    /// <summary>The condition for one check; rows with a key that occurs more than once all fail <c>unique</c>.</summary>
    public string RowCondition(CheckDefinition check)
    {
        if (CheckSql.RowFails(check, schema, table) is { } single) return single;
        var key = CheckSql.Key(check, schema, table);
        return $"coalesce(({key}) IN (SELECT ({key}) FROM {scan} WHERE {CheckSql.KeyIsWhole(check, schema, table)} GROUP BY {key} HAVING count(*) > 1), false)";
    }

    private List<long?> CountFailing(List<string?> conditions, CancellationToken ct)
    {
        var asked = conditions.OfType<string>().ToList();
        if (asked.Count == 0) return [.. conditions.Select(_ => (long?)null)];
        var row = session.Rows($"SELECT {string.Join(", ", asked.Select(c => $"count(*) FILTER (WHERE {c})"))} FROM {scan}", ct)[0];
        var next = 0;
        return [.. conditions.Select(c => c is null ? (long?)null : Convert.ToInt64(row[next++], CultureInfo.InvariantCulture))];
    }

    private CheckOutcome Judge(CheckDefinition check, string? condition, long? failing, CancellationToken ct)
    {
        if (check.Kind == CheckKind.RowCount) return JudgeCount(check);
        var count = failing ?? CountDuplicates(check, ct);
        if (count == 0) return new CheckOutcome(check.Title, check.OnFail, true, 0);
        var examples = condition is null ? DuplicateExamples(check, ct) : Examples($"SELECT * FROM {scan} WHERE {condition} LIMIT {Samples}", ct);
        return new CheckOutcome(check.Title, check.OnFail, false, count, $"{Number(count)} of {Number(rows)} rows fail, for example {examples}");
    }

    private CheckOutcome JudgeCount(CheckDefinition check)
    {
        var tooFew = check.Min is { } min && rows < long.Parse(min, CultureInfo.InvariantCulture);
        var tooMany = check.Max is { } max && rows > long.Parse(max, CultureInfo.InvariantCulture);
        return tooFew || tooMany
            ? new CheckOutcome(check.Title, check.OnFail, false, rows, $"there are {Number(rows)} rows, {(tooFew ? $"at least {check.Min}" : $"at most {check.Max}")} are wanted")
            : new CheckOutcome(check.Title, check.OnFail, true, 0);
    }

    private long CountDuplicates(CheckDefinition check, CancellationToken ct) => session.Scalar<long>(
        $"SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM (SELECT count(*) AS n FROM {scan} WHERE {CheckSql.KeyIsWhole(check, schema, table)} GROUP BY {CheckSql.Key(check, schema, table)} HAVING count(*) > 1)", ct);

    private string DuplicateExamples(CheckDefinition check, CancellationToken ct)
    {
        var key = CheckSql.Key(check, schema, table);
        return Examples($"SELECT {key}, count(*) AS rows FROM {scan} WHERE {CheckSql.KeyIsWhole(check, schema, table)} GROUP BY {key} HAVING count(*) > 1 ORDER BY rows DESC, {key} LIMIT {Samples}", ct);
    }

    // Rows as DuckDB writes structs: {'a': 1, 'b': NULL}; long ones are cut.
    private string Examples(string sql, CancellationToken ct)
    {
        var texts = session.Rows($"SELECT CAST(example AS VARCHAR) FROM ({sql}) AS example", ct).Select(r => (string?)r[0] ?? "NULL");
        return string.Join("; ", texts.Select(t => t.Length <= 300 ? t : t[..300] + "…"));
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
