using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Looking;
using FlowForge.Ingest.Sources;
using FlowForge.Ingest.Replay;
using FlowForge.Lake;
using FlowForge.Lake.Files;
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
        ConnectionGuard.Use? use = null;
        try
        {
            // What a killed process left there goes with the next run's.
            using var scratch = new ScratchFolder(options.TemporaryFolder);
            var own = options with { TemporaryFolder = scratch.Directory };
            if (request.Replay is not null) return await new ReplayRun(lake, plugins, catalog, own, job, request, progress, log).RunAsync(duck, ct).ConfigureAwait(false);
            use = new ConnectorOpener(plugins, options).Begin(job);
            var outcome = job.Tables.Count > 0
                ? await new TablesRun(lake, plugins, catalog, own, job, request, progress, log).RunAsync(duck, ct).ConfigureAwait(false)
                : await OneAsync(own, job, request, progress, log, ct).ConfigureAwait(false);
            use?.Succeeded();
            new LandingRetention(lake, catalog).AfterRun(job, request, log, options.Clock.GetUtcNow());
            return outcome;
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is not JobFailedException { Transient: false })
        {
            throw new OperationCanceledException("The job was cancelled.", e, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var failure = Failures.From(e);
            // What has to do with the system counts against its connection, not what has to do with its rows.
            use?.Failed(failure, passing: failure.Code is "FF2004" or "FF5040" or "FF5041");
            throw failure;
        }
        finally
        {
            use?.Dispose();
        }
    }

    private async Task<JobOutcome> OneAsync(IngestOptions own, IngestDefinition job, JobRequest request, IProgress<JobProgress> progress, IJobLog log, CancellationToken ct)
    {
        await using var run = new IngestRun(lake, plugins, catalog, own, job, request, progress, log);
        return await run.RunAsync(duck, ct).ConfigureAwait(false);
    }

    /// <summary>Reads open rejects of a job's table again as a replay would, and publishes nothing.</summary>
    /// <param name="job">The job as the pipeline defines it now.</param>
    /// <param name="request">Names the rejects in <see cref="JobRequest.Replay"/>; its run and transaction are not used.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="JobFailedException">The rejects cannot be read by the present definition.</exception>
    public async Task<ReplayPreview> PreviewReplayAsync(IngestDefinition job, JobRequest request, CancellationToken ct)
    {
        try
        {
            using var scratch = new ScratchFolder(options.TemporaryFolder);
            return await new ReplayRun(lake, plugins, catalog, options with { TemporaryFolder = scratch.Directory }, job, request, Quiet.Instance, Quiet.Instance).PreviewAsync(duck, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw ct.IsCancellationRequested ? new OperationCanceledException("The preview was cancelled.", e, ct) : Failures.From(e);
        }
    }

    /// <summary>Runs a job on the beginning of its source and publishes nothing.</summary>
    /// <param name="job">The job as the pipeline defines it; of many tables the first.</param>
    /// <param name="request">Its run and transaction are not used.</param>
    /// <param name="rows">Rows that are read from a source of rows; files are cut after some megabytes.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="JobFailedException">The source cannot be read.</exception>
    public async Task<DryRunResult> DryRunAsync(IngestDefinition job, JobRequest request, long rows, CancellationToken ct)
    {
        try
        {
            using var scratch = new ScratchFolder(options.TemporaryFolder);
            return await new DryRun(lake, plugins, options with { TemporaryFolder = scratch.Directory }, job, request, Quiet.Instance).RunAsync(duck, rows, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw ct.IsCancellationRequested ? new OperationCanceledException("The dry run was cancelled.", e, ct) : Failures.From(e);
        }
    }

    /// <summary>Follows a row of a bronze table back to the record that it was made of.</summary>
    public RowTrace Trace(IngestDefinition? definition, string pipeline, string job, TableName table, string run, string file, long record, CancellationToken ct)
    {
        using var scratch = new ScratchFolder(options.TemporaryFolder);
        var own = options with { TemporaryFolder = scratch.Directory };
        return new RowTracer(lake, scratch.Directory)
        {
            Reader = (definition, settings) => new ConnectorOpener(plugins, own).OpenFormat(definition,
                new JobRequest { RunId = run, Pipeline = pipeline, PipelineVersion = 0, JobId = "trace", BaseDirectory = scratch.Directory, RunTime = DateTimeOffset.UnixEpoch, TxnVersion = 0 }, settings, Quiet.Instance),
        }.Trace(definition, pipeline, job, table, (run, file, record), ct);
    }

    /// <summary>Sets the watermark of a job, or says what that would mean.</summary>
    /// <param name="transaction">A transaction version that no run uses; null changes nothing.</param>
    public WatermarkChange SetWatermark(IngestDefinition job, string pipeline, string? value, long? transaction, string by) => new WatermarkReset(lake, catalog, job, pipeline).Set(value, transaction, by);

    private sealed class Quiet : IProgress<JobProgress>, IJobLog
    {
        public static readonly Quiet Instance = new();

        public void Report(JobProgress value) { }

        public void Write(JobLogLevel level, string message) { }
    }
}
