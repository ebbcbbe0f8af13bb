using FlowForge.AppHost.Hosting;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Workspace;

/// <summary>The running environment on one data folder: its services, what <c>runtime.json</c> says of it, and its end.</summary>
internal sealed class FlowForgeEnvironment : IAsyncDisposable
{
    private static readonly TimeSpan LeftoverTime = TimeSpan.FromSeconds(20);

    private readonly DataFolder data;
    private readonly EnvironmentOptions options;
    private readonly FlowForgeGraph graph;
    private readonly DistributedApplication application;
    private readonly Lock saying = new();
    private bool stopped;
    private readonly DateTimeOffset startedAt = DateTimeOffset.UtcNow;

    private FlowForgeEnvironment(DataFolder data, EnvironmentOptions options, FlowForgeGraph graph, DistributedApplication application)
    {
        (this.data, this.options, this.graph, this.application) = (data, options, graph, application);
        application.Changed += Say;
    }

    public Uri Runtime => graph.Runtime.Endpoint;

    public Uri? Workbench => graph.Workbench?.Endpoint;

    /// <summary><c>host:port</c> of the Temporal server in use; embedded or not.</summary>
    public string Temporal => graph.TemporalAddress;

    public bool TemporalIsEmbedded => graph.Temporal is not null;

    public FlowForgeClient Client => FlowForgeClient.Connect(Runtime, data.Token().Value);

    /// <summary>Starts everything and waits until it is healthy. The data folder must be locked by the caller, who keeps it locked until after disposal.</summary>
    public static async Task<FlowForgeEnvironment> StartAsync(DataFolder data, EnvironmentOptions options, IServiceLog log, CancellationToken ct)
    {
        await data.WaitForLeftoversAsync(LeftoverTime, ct);
        data.Token();
        Directory.CreateDirectory(data.Workspace);
        var builder = new DistributedApplicationBuilder(ArtifactsLayout.Current);
        var graph = FlowForgeGraph.Describe(builder, data, options, PortPlan.Choose(options));
        var environment = new FlowForgeEnvironment(data, options, graph, builder.Build(log));
        try
        {
            await environment.application.StartAsync(ct);
            environment.Say();
            return environment;
        }
        catch
        {
            await environment.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops all services, last started first; <paramref name="hurry"/> kills them.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        application.Changed -= Say;
        lock (saying)
            stopped = true;
        await application.StopAsync(hurry);
        data.Forget();
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <summary>One at a time: two services that start again in the same moment write the same file.</summary>
    private void Say()
    {
        lock (saying)
        {
            if (stopped)
                return;
            data.Say(new RunningEnvironment
            {
                ProcessId = Environment.ProcessId,
                StartedAt = startedAt,
                Runtime = Runtime,
                Workbench = Workbench,
                Temporal = Temporal,
                TokenFile = data.TokenFile,
                ForOneRun = !options.Workbench,
                Services = application.Processes
            });
        }
    }
}
