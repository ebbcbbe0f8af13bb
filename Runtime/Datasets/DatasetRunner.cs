using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Datasets.Checks;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>
/// Builds one silver or gold table: binds the SQL to pinned versions of its inputs, writes its rows once to files that nobody sees, checks them there,
/// and commits. A failing <c>fail</c> check leaves the old version in place. Thread-safe; each job has a DuckDB instance of its own.
/// </summary>
/// <param name="lake">Tables.</param>
/// <param name="catalog">Takes lineage, checks and schema history; the table's commit is the truth.</param>
/// <param name="options">Memory and threads.</param>
public sealed class DatasetRunner(LakeStore lake, CatalogDatabase catalog, DatasetOptions? options = null)
{
    private readonly DatasetOptions options = options ?? new DatasetOptions();

    /// <summary>Runs the job. A repeated attempt of a job that was committed returns the recorded outcome.</summary>
    /// <exception cref="JobFailedException">The user has to do something, or (transient) the attempt may be repeated. Nothing was published.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was published.</exception>
    public Task<JobOutcome> RunAsync(DatasetDefinition dataset, JobRequest request, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct) =>
        Task.Run(() => Run(dataset, request, progress, log, ct), ct);

    private JobOutcome Run(DatasetDefinition dataset, JobRequest request, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct)
    {
        try
        {
            var table = lake.Table(TableName.Parse(dataset.Table));
            if (DatasetOutcome.Recorded(table, request) is { } recorded)
            {
                log.Info($"{dataset.Table} was committed by an earlier attempt as version {recorded.TableVersion}.");
                return recorded;
            }
            var inputs = DatasetInputs.Resolve(dataset, request, lake);
            foreach (var input in inputs) log.Info($"Reads {input.Name} version {input.Snapshot.Version} ({input.Snapshot.Rows} rows).");
            using var engine = new DatasetEngine(options, request);
            DatasetInputs.CreateViews(engine.Session, inputs);
            return Build(dataset, request, engine.Session, table, inputs, progress, log, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
        {
            throw EngineFailure.From(e, dataset);
        }
    }

    private JobOutcome Build(
        DatasetDefinition dataset, JobRequest request, DuckSession session, LakeTable table, IReadOnlyList<DatasetInput> inputs,
        IProgress<JobProgress> progress, IJobLog log, CancellationToken ct)
    {
        var sql = DatasetSql.Bind(session, dataset);
        using var pump = new ProgressPump(session, progress, "building", inputs.Sum(i => i.Snapshot.Rows));
        using var transaction = table.Begin();
        var mode = dataset.Mode == DatasetMode.Full ? CommitMode.Overwrite : CommitMode.Append;
        var write = new WriteOptions { Mode = mode, PartitionBy = Partitions(dataset, transaction), Compression = options.Compression, Schema = sql.OriginalNames };
        transaction.Write(session, sql.Select, write, ct);
        var read = transaction.StagedRows;
        log.Info($"The SQL made {read} rows.");

        pump.Enter("checking");
        var scan = transaction.StagedScanSql()!;
        var schema = TableSchema.FromDuck(session.Describe($"SELECT * FROM {scan}").Select(c => (c.Name, c.Type)));
        var run = new CheckRun(session, dataset.Table, scan, SchemaWithOriginals(schema, sql), read);
        var checks = run.Run(dataset.Checks, ct);
        Report(checks, dataset, request, table, log);
        var rejects = Quarantine(dataset, request, session, transaction, write, run, scan, checks, ct);

        pump.Enter("publishing");
        var counts = new RowCounts(read, transaction.StagedRows, read - transaction.StagedRows);
        var outcome = new JobOutcome
        {
            Counts = counts,
            Bytes = transaction.Staged.Sum(f => f.Bytes),
            Table = dataset.Table,
            RejectsTable = rejects?.Table.ToString(),
            Checks = checks,
        };
        var commit = Commit(dataset, request, transaction, mode, sql, outcome, rejects, ct);
        if (commit.AlreadyCommitted && DatasetOutcome.Recorded(table, request) is { } recorded) return recorded;
        outcome = outcome with { TableVersion = commit.Version };
        log.Info($"Committed {dataset.Table} version {commit.Version}: {counts}.");
        Note(dataset, request, table, inputs, commit.Version);
        return outcome;
    }

    private static CommitResult Commit(
        DatasetDefinition dataset, JobRequest request, TableTransaction transaction, CommitMode mode, DatasetSql sql, JobOutcome outcome,
        (TableName Table, CommitResult Commit)? rejects, CancellationToken ct)
    {
        var (read, loaded, rejected, deduplicated, filtered) = outcome.Counts;
        var state = new JobState
        {
            Pipeline = request.Pipeline,
            Job = request.JobId,
            RunId = request.RunId,
            Rows = new RowEquation(read, loaded, rejected, deduplicated, filtered),
            Rejects = rejects is { } r ? $"{r.Table}@{r.Commit.Version}" : null,
            Outcome = JsonSerializer.Serialize(outcome),
        };
        return transaction.Commit(
            new CommitOptions { Mode = mode, Transaction = (request.ApplicationId, request.TxnVersion), State = state, Schema = sql.OriginalNames, Description = dataset.Description }, ct);
    }

    // A full build decides the partitions anew; an append follows the table.
    private static IReadOnlyList<string>? Partitions(DatasetDefinition dataset, TableTransaction transaction) =>
        dataset.Mode == DatasetMode.Full || transaction.Base is null ? dataset.PartitionBy : dataset.PartitionBy.Count > 0 ? dataset.PartitionBy : null;

    private static TableSchema SchemaWithOriginals(TableSchema schema, DatasetSql sql) =>
        sql.OriginalNames is null ? schema : new TableSchema(schema.Columns.Select(c => sql.OriginalNames.Find(c.Name) is { } named ? c with { Metadata = named.Metadata } : c));

    private void Report(IReadOnlyList<CheckOutcome> checks, DatasetDefinition dataset, JobRequest request, LakeTable table, IJobLog log)
    {
        catalog.Checks.Record(request.RunId, request.JobId, dataset.Table, checks, DateTimeOffset.UtcNow);
        foreach (var check in checks.Where(c => !c.Passed && c.OnFail != CheckAction.Fail)) log.Warning($"Check {check.Check}: {check.Message}.");
        var failed = checks.Where(c => !c.Passed && c.OnFail == CheckAction.Fail).ToList();
        if (failed.Count == 0) return;
        var kept = table.Latest() is { } old ? $"The table keeps version {old.Version}." : "The table was not made.";
        throw new JobFailedException(
            "FF3210",
            $"{dataset.Table} fails {(failed.Count == 1 ? "a check" : $"{failed.Count} checks")}: {string.Join(" | ", failed.Select(c => $"{c.Check}: {c.Message}"))}. {kept}",
            "Handle the rows in the SQL, correct the source, or give the check on_fail: warn or quarantine.");
    }

    private (TableName Table, CommitResult Commit)? Quarantine(
        DatasetDefinition dataset, JobRequest request, DuckSession session, TableTransaction transaction, WriteOptions write, CheckRun run, string scan,
        IReadOnlyList<CheckOutcome> outcomes, CancellationToken ct)
    {
        var failing = dataset.Checks.Where((c, i) => c is { OnFail: CheckAction.Quarantine, Kind: not CheckKind.RowCount } && !outcomes[i].Passed).ToList();
        if (failing.Count == 0) return null;
        var rejects = DatasetRejects.Write(session, lake, TableName.Parse(dataset.Table), scan, run, failing, request, ct);
        transaction.Rewrite(session, all => $"SELECT * FROM {all} WHERE NOT ({run.FailsAny(failing)})", write, ct);
        catalog.Rejects.Record(dataset.Table, request.RunId, failing.ToDictionary(c => c.Title, c => outcomes.First(o => o.Check == c.Title).FailingRows));
        return rejects;
    }

    // The catalog has copies for display; they can be made again, so a repeated attempt need not.
    private void Note(DatasetDefinition dataset, JobRequest request, LakeTable table, IReadOnlyList<DatasetInput> inputs, long version)
    {
        catalog.Lineage.Record(dataset.Table, request.Pipeline, request.JobId, [.. inputs.Select(i => i.Name.ToString())]);
        var columns = table.At(version)!.Schema.Columns.Select(c => new SchemaColumn(c.Name, c.DuckType, c.Nullable, c.OriginalName)).ToList();
        catalog.Schemas.Record(new SchemaHistoryEntry(dataset.Table, version, request.RunId, DateTimeOffset.UtcNow, columns));
    }
}
