using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>The steps from bound inputs to a committed version.</summary>
internal sealed class DatasetBuild(DatasetJob job, DuckSession session, IReadOnlyList<DatasetInput> inputs)
{
    private readonly DatasetDefinition dataset = job.Dataset;

    /// <param name="sql">The rows to store: the dataset's SQL, or what its transform makes of it.</param>
    public JobOutcome Run(DatasetSql sql, IProgress<JobProgress> progress)
    {
        using var pump = new ProgressPump(session, progress, "building", inputs.Sum(i => i.Snapshot.Rows));
        using var transaction = job.Table.Begin();
        var rows = StagedRows.Make(job, session, transaction, sql);
        var read = rows.Made;
        // What time a build by ranges leaves out is not made at all.
        if (sql.Rows is { } counted && counted != read && dataset.Mode != DatasetMode.Incremental)
            throw new JobFailedException("FF3243", $"The notebook gave {counted} rows for {dataset.Table}, but {read} arrived. Nothing was published.", "Run it again. If it comes again, report it with the log.", transient: true);
        job.Log.Info($"{(sql.Rows is null ? "The SQL" : "The notebook")} made {read} rows.");

        pump.Enter("checking");
        var run = Checks(rows, sql, read);
        var report = Judge(run);
        Report(report);
        using var rejects = Quarantine(rows, run, report.Outcomes, transaction.Base);
        var dropped = Dropped(rows, run, report.Outcomes);
        if (run.FailsAny(Failing(report.Outcomes, CheckRun.TakesOut)) is { } gone) rows.Remove(gone);

        pump.Enter("publishing");
        var applied = rows.Apply();
        // Each of them is counted where it arises; none is what is left of the others.
        var counts = new RowCounts(read, applied.Rows, rejects?.Rows ?? 0, 0, dropped);
        if (!counts.Balanced)
            throw new JobFailedException("FF3244", $"The rows of {dataset.Table} do not add up, and nothing was published: {counts}.", "This is a defect of FlowForge: report it with the run's log.");
        var outcome = new JobOutcome
        {
            Counts = counts,
            Bytes = transaction.Staged.Sum(f => f.Bytes),
            Table = dataset.Table,
            RejectsTable = rejects?.Table.ToString(),
            Checks = report.Outcomes,
        };
        // What a build without rejects leaves of those before: nothing of what it replaces, all of what it keeps.
        var place = rejects?.Commit() ?? (rows.Mode == CommitMode.Overwrite ? null : transaction.Base?.State?.Rejects);
        var commit = transaction.Commit(
            new CommitOptions
            {
                Mode = rows.Mode,
                Operation = rows.Operation,
                Transaction = (job.Request.ApplicationId, job.Request.TxnVersion),
                State = State(outcome, place),
                Schema = sql.OriginalNames,
                Description = dataset.Description,
                Info = applied.Notes,
            }, job.Cancel);
        if (commit.AlreadyCommitted && DatasetOutcome.Recorded(job.Table, job.Request) is { } recorded) return recorded;
        job.Log.Info($"Committed {dataset.Table} version {commit.Version}: {outcome.Counts}.");
        Note(commit.Version, sql);
        if (rejects is not null || place is null) DatasetRejects.Tell(job, session, place);
        return outcome with { TableVersion = commit.Version };
    }

    private JobState State(JobOutcome outcome, string? rejects)
    {
        var (read, loaded, rejected, deduplicated, filtered) = outcome.Counts;
        return new JobState
        {
            Pipeline = job.Request.Pipeline,
            Job = job.Request.JobId,
            RunId = job.Request.RunId,
            Rows = new RowEquation(read, loaded, rejected, deduplicated, filtered),
            Rejects = rejects,
            Outcome = JsonSerializer.Serialize(outcome),
            // One interval says nothing about the other rows: what they were made from stays as it was.
            MadeFrom = job.Request.KeepCursor && dataset.Mode == DatasetMode.Incremental && job.Table.Latest() is { } before
                ? before.StateOf(job.Request.ApplicationId)?.MadeFrom
                : Rebuild.MadeFrom.Of(dataset, job.Request, inputs, job.Functions),
        };
    }

    private TableSchema Schema(string scan, DatasetSql sql)
    {
        var columns = TableSchema.FromDuck(session.Describe($"SELECT * FROM {scan}").Select(c => (c.Name, c.Type))).Columns;
        return new TableSchema(columns.Select(c => sql.OriginalNames?.Find(c.Name) is { } named ? c with { Metadata = named.Metadata } : c));
    }

    private CheckRun Checks(StagedRows rows, DatasetSql sql, long read)
    {
        var schema = Schema(rows.Scan, sql);
        return new CheckRun(new CheckedRows
        {
            Table = dataset.Table,
            Scan = rows.Scan,
            Count = read,
            Kept = rows.Kept,
            Find = name => (schema.Find(name) ?? schema.Columns.FirstOrDefault(c => c.OriginalName == name)) is { } column ? new CheckColumn(column.Name, column.DuckType) : null,
            Query = query => session.Rows(query, job.Cancel),
            RunTime = job.Request.RunTime,
            Earlier = (title, most) => job.Catalog.Checks.Earlier(dataset.Table, title, job.Request.RunId, most),
        });
    }

    private CheckReport Judge(CheckRun run)
    {
        try
        {
            return run.Run(dataset.Checks);
        }
        catch (CheckColumnException e)
        {
            throw new JobFailedException("FF3211", $"Check {e.Check.Title} of {dataset.Table} names column '{e.Column}', which the rows have not.", $"The columns are: {string.Join(", ", session.Describe($"SELECT * FROM {run.Rows.Scan}").Select(c => c.Name))}.", inner: e);
        }
        catch (DuckException e) when (e.Kind is DuckErrorKind.Binder or DuckErrorKind.Parser or DuckErrorKind.Catalog or DuckErrorKind.Conversion or DuckErrorKind.InvalidInput or DuckErrorKind.TypeMismatch)
        {
            throw new JobFailedException("FF3212", $"A check of {dataset.Table} does not fit its rows: {e.Message}", "Correct the check: its columns, values, condition or query.", inner: e);
        }
    }

    private void Report(CheckReport report)
    {
        job.Catalog.Checks.Record(job.Request.RunId, job.Request.JobId, dataset.Table, report.Outcomes, DateTimeOffset.UtcNow, report.Samples);
        foreach (var check in report.Outcomes.Where(c => !c.Passed && c.OnFail != CheckAction.Fail)) job.Log.Warning($"Check {check.Check}: {check.Message}.");
        if (report.Fatal is not { Count: > 0 } failed) return;
        var kept = job.Table.Latest() is { } old ? $"The table keeps version {old.Version}." : "The table was not made.";
        throw new JobFailedException(
            "FF3210",
            $"{dataset.Table} fails {(failed.Count == 1 ? "a check" : $"{failed.Count} checks")}: {string.Join(" | ", failed.Select(c => $"{c.Check}: {c.Message}"))}. {kept}",
            "Handle the rows in the SQL, correct the source, or give the check on_fail: warn, drop or quarantine.");
    }

    private List<CheckDefinition> Failing(IReadOnlyList<CheckOutcome> outcomes, Func<CheckDefinition, bool> which) => [.. dataset.Checks.Where((c, i) => which(c) && !outcomes[i].Passed)];

    private DatasetRejects? Quarantine(StagedRows rows, CheckRun run, IReadOnlyList<CheckOutcome> outcomes, TableSnapshot? before)
    {
        var failing = Failing(outcomes, c => c.IsAboutRows && c.OnFail == CheckAction.Quarantine);
        return failing.Count == 0 ? null : DatasetRejects.Stage(job, session, rows.Scan, run, failing, before, rows.Mode);
    }

    // A row that several checks take out goes where a quarantining one sends it.
    private long Dropped(StagedRows rows, CheckRun run, IReadOnlyList<CheckOutcome> outcomes)
    {
        if (run.FailsAny(Failing(outcomes, c => CheckRun.TakesOut(c) && c.OnFail == CheckAction.Drop)) is not { } fails) return 0;
        var aside = run.FailsAny(Failing(outcomes, c => CheckRun.TakesOut(c) && c.OnFail == CheckAction.Quarantine)) is { } quarantined ? $" AND NOT ({quarantined})" : "";
        return session.Scalar<long>($"SELECT count(*) FROM {rows.Scan} WHERE ({fails}){aside}", job.Cancel);
    }

    // The catalog has copies for display; they can be made again, so a repeated attempt need not.
    private void Note(long version, DatasetSql sql)
    {
        job.Catalog.ColumnLineage.Record(dataset.Table, version, DatasetLineage.Edges(dataset, inputs, sql.Columns));
        job.Catalog.Lineage.Record(dataset.Table, job.Request.Pipeline, job.Request.JobId, [.. inputs.Where(i => !i.OnlyForChecks).Select(i => i.Name.ToString())]);
        var columns = job.Table.At(version)!.Schema.Columns.Select(c => new SchemaColumn(c.Name, c.DuckType, c.Nullable, c.OriginalName)).ToList();
        job.Catalog.Schemas.Record(new SchemaHistoryEntry(dataset.Table, version, job.Request.RunId, DateTimeOffset.UtcNow, columns));
    }
}
