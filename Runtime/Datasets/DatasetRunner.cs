using FlowForge.Catalog;
using FlowForge.Datasets.Rebuild;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Datasets;

/// <summary>
/// Builds one silver or gold table: binds the SQL to pinned versions of its inputs, makes its rows where nobody sees them, checks them there,
/// and commits. A failing <c>fail</c> check leaves the old version in place. Thread-safe; each job has a DuckDB instance of its own.
/// </summary>
/// <param name="lake">Tables.</param>
/// <param name="catalog">Takes lineage, checks and schema history; the table's commit is the truth.</param>
/// <param name="options">Memory and threads.</param>
/// <param name="plugins">Has the transforms, and the functions that SQL may call.</param>
/// <param name="notebooks">Runs the notebooks that datasets are made by.</param>
public sealed class DatasetRunner(LakeStore lake, CatalogDatabase catalog, DatasetOptions? options = null, PluginRegistry? plugins = null, INotebookRunner? notebooks = null)
{
    private readonly DatasetOptions options = options ?? new DatasetOptions();

    /// <summary>Runs the job. A repeated attempt of a job that was committed returns the recorded outcome.</summary>
    /// <exception cref="JobFailedException">The user has to do something, or (transient) the attempt may be repeated. Nothing was published.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was published.</exception>
    public Task<JobOutcome> RunAsync(DatasetDefinition dataset, JobRequest request, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct) =>
        Task.Run(() => Run(new DatasetJob(dataset, request, lake, catalog, options, log, ct), plugins, notebooks, progress), ct);

    /// <summary>Whether a run with these values would build the dataset from the tables as they are now, and why. Nothing is built.</summary>
    /// <exception cref="JobFailedException">An input does not exist.</exception>
    public RebuildAnswer Ask(DatasetDefinition dataset, JobRequest request)
    {
        using var functions = PluginFunctions.Hold(plugins, MadeFrom.AllSql(dataset));
        return RebuildQuestion.Ask(dataset, lake.Table(TableName.Parse(dataset.Table)), request, DatasetInputs.Resolve(dataset, request, lake), functions.Functions);
    }

    private static JobOutcome? Unchanged(DatasetJob job, IReadOnlyList<DatasetInput> inputs)
    {
        if (job.Request.FullRefresh || job.Request.KeepCursor) return null;
        var answer = RebuildQuestion.Ask(job.Dataset, job.Table, job.Request, inputs, job.Functions);
        if (answer.Verdict != RebuildVerdict.Unchanged)
        {
            job.Log.Info($"{job.Dataset.Table} is built: {string.Join("; ", answer.Reasons)}.");
            return null;
        }
        var version = job.Table.Latest()!.Version;
        job.Log.Info($"{job.Dataset.Table} stays at version {version}: its SQL, settings and inputs have not changed.");
        return new JobOutcome { Counts = default, Table = job.Dataset.Table, TableVersion = version, Note = "nothing changed" };
    }

    private static DatasetSql Bind(DatasetJob job, DuckSession session, IReadOnlyList<DatasetInput> inputs)
    {
        var sql = DatasetSql.Bind(session, job.Dataset);
        var left = DatasetInputs.SkipFiles(session, inputs, job.Dataset, sql.Select, job.Cancel);
        foreach (var (input, files) in inputs.Zip(left))
            if (files < input.Snapshot.Files.Count) job.Log.Info($"Of {input.Name} {files} of {input.Snapshot.Files.Count} files are read: the others have no row that the SQL asks for.");
        return sql;
    }

    private static JobOutcome Run(DatasetJob job, PluginRegistry? plugins, INotebookRunner? notebooks, IProgress<JobProgress> progress)
    {
        try
        {
            if (DatasetOutcome.Recorded(job.Table, job.Request) is { } recorded)
            {
                job.Log.Info($"{job.Dataset.Table} was committed by an earlier attempt as version {recorded.TableVersion}.");
                return recorded;
            }
            var inputs = DatasetInputs.Resolve(job.Dataset, job.Request, job.Lake);
            using var functions = PluginFunctions.Hold(plugins, MadeFrom.AllSql(job.Dataset));
            job = job with { Functions = functions.Functions };
            if (Unchanged(job, inputs) is { } unchanged) return unchanged;
            using var held = new HeldInputs(job.Lake, inputs);
            foreach (var input in inputs) job.Log.Info($"Reads {input.Name} version {input.Snapshot.Version} ({input.Snapshot.Rows} rows).");
            using var engine = new DatasetEngine(job.Options, job.Request, job.Lake.Root);
            DatasetInputs.CreateViews(engine.Session, inputs, forPlan: job.Dataset.Transform is null);
            DatasetInputs.CreateSystemTables(engine.Session, job.Catalog, job.Dataset);
            var qualified = job with { Dataset = SystemTables.Qualified(job.Dataset) };
            PluginFunctions.Register(engine.Session, job.Functions);
            DatasetInputs.CreateMacros(engine.Session, qualified.Dataset);
            if (qualified.Dataset.Notebook is not null)
            {
                var rows = NotebookRows.Make(qualified, notebooks, engine, inputs, progress);
                DatasetInputs.BringForChecks(engine.Session, inputs, qualified.Dataset, job.Cancel);
                return new DatasetBuild(qualified, engine.Session, inputs).Run(rows, progress);
            }
            using var transform = qualified.Dataset.Transform is null ? null : new TransformStep(qualified, plugins, engine);
            return new DatasetBuild(qualified, engine.Session, inputs).Run(transform?.Sql ?? Bind(qualified, engine.Session, inputs), progress);
        }
        catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
        {
            throw EngineFailure.From(e, job.Dataset);
        }
    }
}
