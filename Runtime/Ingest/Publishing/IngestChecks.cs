using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>The checks of an ingest job, over the rows of the run, before they are published.</summary>
internal sealed class IngestChecks(IngestDefinition job, IReadOnlyList<RowColumn> columns)
{
    /// <summary>Whether some check takes rows out instead of judging all of them.</summary>
    public bool TakesRowsOut => job.Checks.Any(c => c.OnFail == CheckAction.Quarantine && RowFails(c) is not null);

    /// <summary>Moves rows that fail a quarantining check from a table to the rejects.</summary>
    /// <returns>Number of rows moved, by the check's title.</returns>
    public Dictionary<string, long> TakeOut(DuckSession session, string rows, IReadOnlyDictionary<string, int> files, Action<Reject> rejects, CancellationToken ct)
    {
        var moved = new Dictionary<string, long>();
        foreach (var check in job.Checks.Where(c => c.OnFail == CheckAction.Quarantine))
        {
            if (RowFails(check) is not { } fails) continue;
            foreach (var row in session.Rows($"SELECT _ff_file, _ff_record, CAST(to_json(struct_pack({string.Join(", ", columns.Select(c => $"{SqlText.Identifier(c.Name)} := {SqlText.Identifier(c.Name)}"))})) AS VARCHAR) FROM {rows} WHERE {fails} ORDER BY rowid", ct))
                rejects(new Reject(files[(string)row[0]!], Convert.ToInt64(row[1], CultureInfo.InvariantCulture), null, RejectReasons.CheckFailed, $"The row fails the check {check.Title}.", check.Columns.Count == 1 ? check.Columns[0] : null, (string?)row[2]));
            moved[check.Title] = session.Execute($"DELETE FROM {rows} WHERE {fails}", ct);
        }
        return moved;
    }

    /// <summary>Judges the staged rows by all checks that do not take rows out.</summary>
    /// <param name="session">Free.</param>
    /// <param name="staged">The staged rows, for FROM; null when there are none.</param>
    /// <param name="taken">Rows that were taken out, by check title.</param>
    /// <param name="ct">Interrupts.</param>
    public IReadOnlyList<CheckOutcome> Judge(DuckSession session, string? staged, IReadOnlyDictionary<string, long> taken, CancellationToken ct) =>
    [
        .. job.Checks.Select(check =>
        {
            if (check.OnFail == CheckAction.Quarantine && RowFails(check) is not null)
            {
                var gone = taken.GetValueOrDefault(check.Title);
                return new CheckOutcome(check.Title, check.OnFail, gone == 0, gone, gone == 0 ? null : $"{gone} rows went to the rejects.");
            }
            if (check.Kind == CheckKind.RowCount)
            {
                var rows = staged is null ? 0 : session.Scalar<long>($"SELECT count(*) FROM {staged}", ct);
                var fits = (check.Min is not { } least || rows >= long.Parse(least, CultureInfo.InvariantCulture)) && (check.Max is not { } most || rows <= long.Parse(most, CultureInfo.InvariantCulture));
                return new CheckOutcome(check.Title, check.OnFail, fits, fits ? 0 : rows, fits ? null : $"The run has {rows} rows.");
            }
            var failing = staged is null ? 0 : session.Scalar<long>(check.Kind == CheckKind.Unique ? Twins(check, staged) : $"SELECT count(*) FROM {staged} WHERE {RowFails(check)}", ct);
            return new CheckOutcome(check.Title, check.OnFail, failing == 0, failing, failing == 0 ? null : $"{failing} rows fail.");
        }),
    ];

    private string Twins(CheckDefinition check, string staged)
    {
        var keys = check.Columns.Select(Column).Select(c => SqlText.Identifier(c.Name)).ToList();
        return $"SELECT coalesce(sum(n), 0)::BIGINT FROM (SELECT count(*) AS n FROM {staged} WHERE {string.Join(" AND ", keys.Select(k => k + " IS NOT NULL"))} GROUP BY {string.Join(", ", keys)} HAVING count(*) > 1) AS twins";
    }

    private string? RowFails(CheckDefinition check) => check.Kind switch
    {
        CheckKind.NotNull => string.Join(" OR ", check.Columns.Select(Column).Select(c => $"{SqlText.Identifier(c.Name)} IS NULL")),
        CheckKind.AcceptedValues => string.Join(" OR ", check.Columns.Select(Column).Select(c => Refused(check, c))),
        CheckKind.Range => string.Join(" OR ", check.Columns.Select(Column).Select(c => $"coalesce({Outside(check, c)}, false)")),
        _ => null,
    };

    private static string Refused(CheckDefinition check, RowColumn column)
    {
        var name = SqlText.Identifier(column.Name);
        var values = string.Join(", ", check.Values.OfType<string>().Select(v => $"CAST({SqlText.Literal(v)} AS {column.DuckType})"));
        var listed = values.Length == 0 ? "false" : $"coalesce({name} IN ({values}), false)";
        return check.Values.Contains(null) ? $"NOT ({listed} OR {name} IS NULL)" : $"NOT {listed}";
    }

    private static string Outside(CheckDefinition check, RowColumn column)
    {
        var name = SqlText.Identifier(column.Name);
        var sides = new List<string>();
        if (check.Min is { } min) sides.Add($"{name} < {Bound(min, column)}");
        if (check.Max is { } max) sides.Add($"{name} > {Bound(max, column)}");
        return sides.Count == 0 ? "false" : string.Join(" OR ", sides);
    }

    // A number is compared as a number whatever the column's type, so that 0.5 is not rounded to an integer.
    private static string Bound(string text, RowColumn column) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && column.DuckType is not ("VARCHAR" or "DATE" or "TIMESTAMP")
            ? number.ToString(CultureInfo.InvariantCulture)
            : $"CAST({SqlText.Literal(text)} AS {column.DuckType})";

    private RowColumn Column(string name) =>
        columns.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase)) ?? columns.FirstOrDefault(c => c.Source == name || string.Equals(c.Name, ColumnNames.Standard(name), StringComparison.OrdinalIgnoreCase))
        ?? throw new JobFailedException("FF2115", $"A check names column '{name}', which the rows have not.", $"The columns are: {string.Join(", ", columns.Select(c => c.Name))}.");
}
