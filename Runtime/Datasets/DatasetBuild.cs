using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Datasets.Checks;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>The steps from bound inputs to a committed version.</summary>
internal sealed class DatasetBuild(DatasetJob job, DuckSession session, IReadOnlyList<DatasetInput> inputs)
{
    private readonly DatasetDefinition dataset = job.Dataset;

    public JobOutcome Run(IProgress<JobProgress> progress)
    {
        var sql = DatasetSql.Bind(session, dataset);
        using var pump = new ProgressPump(session, progress, "building", inputs.Sum(i => i.Snapshot.Rows));
        using var transaction = job.Table.Begin();
        var rows = StagedRows.Make(job, session, transaction, sql);
        var read = rows.Count;
        job.Log.Info($"The SQL made {read} rows.");

        pump.Enter("checking");
        var run = new CheckRun(session, dataset.Table, rows.Scan, Schema(rows.Scan, sql), read);
        var checks = run.Run(dataset.Checks, job.Cancel);
        Report(checks);
        var rejects = Quarantine(rows, run, checks);

        pump.Enter("publishing");
        var loaded = rows.Count;
        var info = rows.Apply();
        var outcome = new JobOutcome
        {
            Counts = new RowCounts(read, loaded, read - loaded),
            Bytes = transaction.Staged.Sum(f => f.Bytes),
            Table = dataset.Table,
            RejectsTable = rejects?.Table.ToString(),
            Checks = checks,
        };
        var commit = transaction.Commit(
            new CommitOptions
            {
                Mode = rows.Mode,
                Operation = rows.Operation,
                Transaction = (job.Request.ApplicationId, job.Request.TxnVersion),
                State = State(outcome, rejects),
                Schema = sql.OriginalNames,
                Description = dataset.Description,
                Info = info,
            }, job.Cancel);
        if (commit.AlreadyCommitted && DatasetOutcome.Recorded(job.Table, job.Request) is { } recorded) return recorded;
        job.Log.Info($"Committed {dataset.Table} version {commit.Version}: {outcome.Counts}.");
        Note(commit.Version);
        return outcome with { TableVersion = commit.Version };
    }

    private JobState State(JobOutcome outcome, (TableName Table, CommitResult Commit)? rejects)
    {
        var (read, loaded, rejected, deduplicated, filtered) = outcome.Counts;
        return new JobState
        {
            Pipeline = job.Request.Pipeline,
            Job = job.Request.JobId,
            RunId = job.Request.RunId,
            Rows = new RowEquation(read, loaded, rejected, deduplicated, filtered),
            Rejects = rejects is { } r ? DatasetRejects.Place(r.Table, r.Commit.Version) : null,
            Outcome = JsonSerializer.Serialize(outcome),
        };
    }

    private TableSchema Schema(string scan, DatasetSql sql)
    {
        var columns = TableSchema.FromDuck(session.Describe($"SELECT * FROM {scan}").Select(c => (c.Name, c.Type))).Columns;
        return new TableSchema(columns.Select(c => sql.OriginalNames?.Find(c.Name) is { } named ? c with { Metadata = named.Metadata } : c));
    }

    private void Report(IReadOnlyList<CheckOutcome> checks)
    {
        job.Catalog.Checks.Record(job.Request.RunId, job.Request.JobId, dataset.Table, checks, DateTimeOffset.UtcNow);
        foreach (var check in checks.Where(c => !c.Passed && c.OnFail != CheckAction.Fail)) job.Log.Warning($"Check {check.Check}: {check.Message}.");
        var failed = checks.Where(c => !c.Passed && c.OnFail == CheckAction.Fail).ToList();
        if (failed.Count == 0) return;
        var kept = job.Table.Latest() is { } old ? $"The table keeps version {old.Version}." : "The table was not made.";
        throw new JobFailedException(
            "FF3210",
            $"{dataset.Table} fails {(failed.Count == 1 ? "a check" : $"{failed.Count} checks")}: {string.Join(" | ", failed.Select(c => $"{c.Check}: {c.Message}"))}. {kept}",
            "Handle the rows in the SQL, correct the source, or give the check on_fail: warn or quarantine.");
    }

    private (TableName Table, CommitResult Commit)? Quarantine(StagedRows rows, CheckRun run, IReadOnlyList<CheckOutcome> outcomes)
    {
        var failing = dataset.Checks.Where((c, i) => c is { OnFail: CheckAction.Quarantine, Kind: not CheckKind.RowCount } && !outcomes[i].Passed).ToList();
        if (failing.Count == 0) return null;
        var rejects = DatasetRejects.Write(session, job.Lake, TableName.Parse(dataset.Table), rows.Scan, run, failing, job.Request, job.Cancel);
        rows.Remove(run.FailsAny(failing)!);
        job.Catalog.Rejects.Record(dataset.Table, job.Request.RunId, failing.ToDictionary(c => c.Title, c => outcomes.First(o => o.Check == c.Title).FailingRows));
        return rejects;
    }

    // The catalog has copies for display; they can be made again, so a repeated attempt need not.
    private void Note(long version)
    {
        job.Catalog.Lineage.Record(dataset.Table, job.Request.Pipeline, job.Request.JobId, [.. inputs.Select(i => i.Name.ToString())]);
        var columns = job.Table.At(version)!.Schema.Columns.Select(c => new SchemaColumn(c.Name, c.DuckType, c.Nullable, c.OriginalName)).ToList();
        job.Catalog.Schemas.Record(new SchemaHistoryEntry(dataset.Table, version, job.Request.RunId, DateTimeOffset.UtcNow, columns));
    }
}
