using FlowForge.Catalog;
using FlowForge.Ingest.Landing;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>The source of a job during one attempt: its connector, opened when it is first asked for, and the place where what it gives is landed. When it is disposed the connector says how its connection is, and is closed.</summary>
internal sealed class JobSource(LakeStore lake, PluginRegistry plugins, IngestOptions options, IngestDefinition job, JobRequest request, IJobLog log) : IAsyncDisposable
{
    private readonly Lazy<ConnectorLease> _opened = new(() => new ConnectorOpener(plugins, options).Open(job, request, log));
    private string? _spool;

    public bool IsOpen => _opened.IsValueCreated;

    public ConnectorLease Lease => _opened.Value;

    public IConnector Connector => Lease.Connector;

    /// <summary>How the source is called in <c>_ff_file</c> and in messages.</summary>
    public string Name => SourceRequest.Name(Lease, job);

    /// <summary>How the system is called that the rows come from.</summary>
    public string System => $"{Lease.Descriptor.Name}:{job.Connection ?? job.Name}";

    /// <summary>Where this run lands.</summary>
    public LandingZone Landing() => Landing(request.RunId, request.RunTime);

    /// <summary>Where a run of the job lands. Rows cannot be read in place: with <c>landing: reference</c> they lie in a temporary folder until the attempt ends.</summary>
    public LandingZone Landing(string runId, DateTimeOffset runTime)
    {
        var root = lake.LandingFolder;
        if (job.Landing == LandingMode.Reference && Connector is not IFileSource) root = _spool ??= Path.Combine(options.TemporaryFolder, $"rows-{Guid.NewGuid():n}");
        return new LandingZone(root, request.Pipeline, job.SourceTable is null ? job.Name : Path.Combine(job.Name, job.Table), runId, runTime, job.FilenamePattern);
    }

    public async ValueTask DisposeAsync()
    {
        if (_spool is not null && Directory.Exists(_spool)) Directory.Delete(_spool, recursive: true);
        if (!IsOpen) return;
        await ReportHealthAsync().ConfigureAwait(false);
        await Lease.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A connector that has just read knows best how its connection is. Figures are no reason to fail.</summary>
    private async Task ReportHealthAsync()
    {
        if (job.Connection is not { } connection || Connector is not IReportHealth reporter) return;
        try
        {
            options.Health(connection, await BoundedCall.RunAsync("The health report", reporter.HealthAsync, TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            log.Debug($"The connection's health could not be read: {SecretMask.Hide(e.Message)}");
        }
    }
}
