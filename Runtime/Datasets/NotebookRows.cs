using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Datasets;

/// <summary>Runs the notebook of a job in a kernel of its own and keeps the executed copy with the run. Thread-safe.</summary>
public interface INotebookRunner
{
    /// <param name="notebook">With its file read.</param>
    /// <param name="versions">Versions at which its tables are read.</param>
    /// <param name="rowsFile">Where the rows of its result go as Parquet; null: none are asked for.</param>
    /// <returns>What it did; <see cref="NotebookDone.Rows"/> is set when rows were asked for.</returns>
    /// <exception cref="JobFailedException">A cell failed, or the notebook, a parameter or the result is not there.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; its kernel is gone.</exception>
    Task<NotebookDone> RunAsync(NotebookUse notebook, JobRequest request, IReadOnlyDictionary<string, long> versions, string? rowsFile, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct);
}

/// <param name="Cells">Cells that ran.</param>
/// <param name="Rows">Rows that the kernel counted as it wrote them.</param>
public sealed record NotebookDone(int Cells, long? Rows);

/// <summary>A dataset's rows made by a notebook: run before the build, in another process, its rows handed over as a file.</summary>
internal static class NotebookRows
{
    public static DatasetSql Make(DatasetJob job, INotebookRunner? runner, DatasetEngine engine, IReadOnlyList<DatasetInput> inputs, IProgress<JobProgress> progress)
    {
        if (runner is null) throw new JobFailedException("FF3240", $"{job.Dataset.Table} is made by a notebook, and notebooks are not run here.", "Run the job where kernels are.");
        var file = Path.Combine(engine.ScratchFolder, "notebook.parquet");
        var versions = inputs.ToDictionary(i => i.Name.ToString(), i => i.Snapshot.Version, StringComparer.Ordinal);
        // The engine's work is synchronous; this is the one step that is not.
        var done = runner.RunAsync(job.Dataset.Notebook!, job.Request, versions, file, progress, job.Log, job.Cancel).GetAwaiter().GetResult();
        return DatasetSql.Bind(engine.Session, job.Dataset with { Sql = $"SELECT * FROM read_parquet({Duck.SqlText.File(file)})", Notebook = null, SqlLine = null }) with { Rows = done.Rows };
    }
}
