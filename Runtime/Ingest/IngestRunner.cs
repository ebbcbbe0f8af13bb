using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Ingest;

/// <summary>
/// Runs ingest jobs: extract → land → read → prove → publish. Thread-safe; one for a host. Every step can be repeated: what an
/// earlier attempt landed or committed is found again by the run's id and the pinned transaction version.
/// </summary>
public sealed class IngestRunner(LakeStore lake, PluginRegistry plugins, DuckFactory duck, CatalogDatabase catalog, IngestOptions options)
{
    /// <summary>Runs one attempt of a job.</summary>
    /// <param name="job">The job as the pipeline defines it.</param>
    /// <param name="request">The same for every attempt but for its number.</param>
    /// <param name="progress">Told a few times a second, on any thread.</param>
    /// <param name="log">What people read; also gets the evidence of rejects.</param>
    /// <param name="ct">Ends the attempt within two seconds; nothing is published.</param>
    /// <exception cref="JobFailedException">The attempt failed; says what, and whether trying again may help.</exception>
    public async Task<JobOutcome> RunAsync(IngestDefinition job, JobRequest request, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct)
    {
        Directory.CreateDirectory(options.TemporaryFolder);
        try
        {
            await using var run = new IngestRun(lake, plugins, catalog, options, job, request, progress, log);
            return await run.RunAsync(duck, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is not JobFailedException { Transient: false })
        {
            throw new OperationCanceledException("The job was cancelled.", e, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Failures.From(e);
        }
    }
}
