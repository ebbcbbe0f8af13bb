using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Rejects;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Publishing;

/// <summary>What checks took out of the rows of a run.</summary>
/// <param name="Report">Of these checks.</param>
/// <param name="Dropped">Rows that are left out without being rejected.</param>
internal sealed record TakenOut(CheckReport Report, long Dropped)
{
    public static TakenOut Nothing { get; } = new(CheckReport.Empty, 0);
}

/// <summary>The checks of an ingest job, over the rows of the run, before they are published.</summary>
/// <param name="earlier">Values that a check measured in earlier runs.</param>
internal sealed class IngestChecks(IngestDefinition job, IReadOnlyList<RowColumn> columns, JobRequest request, Func<string, int, IReadOnlyList<double>>? earlier = null)
{
    /// <summary>Whether some check takes rows out instead of judging all of them.</summary>
    public bool TakesRowsOut => job.Checks.Any(CheckRun.TakesOut);

    /// <summary>Takes rows that fail a quarantining or dropping check out of a table; those to be quarantined become rejects.</summary>
    /// <param name="session">Free.</param>
    /// <param name="rows">The table.</param>
    /// <param name="changes">Whether the rows say in <c>_ff_op</c> what happened to them: what was deleted has no values to be judged by.</param>
    /// <param name="files">Numbers of the files by their names.</param>
    /// <param name="rejects">Takes the rows to be quarantined.</param>
    /// <param name="ct">Interrupts.</param>
    public TakenOut TakeOut(DuckSession session, string rows, bool changes, IReadOnlyDictionary<string, int> files, Action<Reject> rejects, CancellationToken ct)
    {
        if (!TakesRowsOut) return TakenOut.Nothing;
        var checks = job.Checks.Where(CheckRun.TakesOut).ToList();
        if (changes && checks.Find(c => c.Kind == CheckKind.Unique) is { } unique)
            throw new JobFailedException("FF2124", $"The check {unique.Title} would take out changes, and several changes of one row are no twins. Nothing was published.", "Set its on_fail to fail or warn: the check then judges the rows of the table.");
        var isJudged = changes ? $"coalesce({RowSet.Operation}, '') NOT IN ('d', 't', '{RowSet.LeftOut}')" : "true";
        var judged = changes ? $"(SELECT * FROM {rows} WHERE {isJudged})" : rows;
        var run = new CheckRun(Rows(session, judged, session.Scalar<long>($"SELECT count(*) FROM {judged} AS judged", ct), null, ct));
        var report = Guard(() => run.Run(checks));
        long dropped = 0;
        // A row that fails several checks goes where the first quarantining one sends it.
        foreach (var check in checks.OrderBy(c => c.OnFail == CheckAction.Drop))
        {
            var fails = $"{isJudged} AND ({run.RowCondition(check)})";
            if (check.OnFail == CheckAction.Quarantine) Reject(session, rows, check, fails, files, rejects, ct);
            var gone = session.Execute($"DELETE FROM {rows} WHERE {fails}", ct);
            if (check.OnFail == CheckAction.Drop) dropped += gone;
        }
        return new TakenOut(report, dropped);
    }

    /// <summary>Judges the staged rows by all checks that do not take rows out.</summary>
    /// <param name="session">Free.</param>
    /// <param name="staged">The staged rows, for FROM; null when there are none.</param>
    /// <param name="kept">Rows of the table that stay, for FROM; null when there are none.</param>
    /// <param name="taken">What was taken out before.</param>
    /// <param name="ct">Interrupts.</param>
    public CheckReport Judge(DuckSession session, string? staged, string? kept, TakenOut taken, CancellationToken ct)
    {
        var scan = staged ?? $"(SELECT {string.Join(", ", columns.Select(c => $"CAST(NULL AS {c.DuckType}) AS {SqlText.Identifier(c.Name)}").DefaultIfEmpty("NULL AS nothing"))} WHERE false)";
        var rows = staged is null ? 0 : session.Scalar<long>($"SELECT count(*) FROM {scan}", ct);
        var judged = Guard(() => new CheckRun(Rows(session, scan, rows, kept, ct)).Run([.. job.Checks.Where(c => !CheckRun.TakesOut(c))]));
        var byTitle = judged.Outcomes.Concat(taken.Report.Outcomes).ToDictionary(o => o.Check);
        return new CheckReport(
            [.. job.Checks.Select(c => byTitle.GetValueOrDefault(c.Title) ?? new CheckOutcome(c.Title, c.OnFail, true, 0))],
            judged.Samples.Concat(taken.Report.Samples).ToDictionary());
    }

    private CheckedRows Rows(DuckSession session, string scan, long count, string? kept, CancellationToken ct) => new()
    {
        Table = "bronze." + job.Table,
        Scan = scan,
        Count = count,
        Kept = kept,
        Find = Find,
        Query = sql => session.Rows(sql, ct),
        RunTime = request.RunTime,
        Earlier = earlier ?? ((_, _) => []),
    };

    private void Reject(DuckSession session, string rows, CheckDefinition check, string fails, IReadOnlyDictionary<string, int> files, Action<Reject> rejects, CancellationToken ct)
    {
        var raw = $"CAST(to_json(struct_pack({string.Join(", ", columns.Select(c => $"{SqlText.Identifier(c.Name)} := {SqlText.Identifier(c.Name)}"))})) AS VARCHAR)";
        // A check may fail on all rows: they are not held in memory.
        using var reader = session.Query($"SELECT _ff_file, _ff_record, {raw} FROM {rows} WHERE {fails} ORDER BY rowid", ct);
        while (reader.Next() is { } batch)
        {
            using (batch)
            {
                for (var r = 0; r < batch.Length; r++)
                    rejects(new Reject(files[(string)batch.Column(0).GetObject(r)!], Convert.ToInt64(batch.Column(1).GetObject(r), CultureInfo.InvariantCulture), null, RejectReasons.CheckFailed,
                        $"The row fails the check {check.Title}.", check.Columns.Count == 1 ? check.Columns[0] : null, (string?)batch.Column(2).GetObject(r)));
            }
        }
    }

    private CheckColumn? Find(string name) =>
        (columns.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase)) ?? columns.FirstOrDefault(c => c.Source == name || string.Equals(c.Name, ColumnNames.Standard(name), StringComparison.OrdinalIgnoreCase)))
        is { } column ? new CheckColumn(column.Name, column.DuckType) : null;

    private CheckReport Guard(Func<CheckReport> run)
    {
        try
        {
            return run();
        }
        catch (CheckColumnException e)
        {
            throw new JobFailedException("FF2115", $"A check names column '{e.Column}', which the rows have not.", $"The columns are: {string.Join(", ", columns.Select(c => c.Name))}.", inner: e);
        }
        catch (DuckException e) when (e.Kind is DuckErrorKind.Binder or DuckErrorKind.Parser or DuckErrorKind.Catalog or DuckErrorKind.Conversion or DuckErrorKind.InvalidInput or DuckErrorKind.TypeMismatch)
        {
            throw new JobFailedException("FF2116", $"A check does not fit the rows: {e.Message}", "Correct the check: its columns, values, condition or query.", inner: e);
        }
    }
}
