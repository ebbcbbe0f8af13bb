using FlowForge.Temporal.DevServer;
using FlowForge.Temporal.Worker;
using Server = FlowForge.Temporal.DevServer.DevServer;

namespace FlowForge.Conformance.Tests;

/// <summary>An embedded server, and two TypeScript workers on it: one keeps workflows in memory (sticky), one never does.</summary>
public sealed class InteropServer : IAsyncLifetime
{
    public const string Sticky = "ts-sticky";
    public const string Plain = "ts-plain";
    private readonly string _folder = Directory.CreateTempSubdirectory("flowforge-interop-").FullName;
    private Server? _server;
    private NodePeer? _sticky;
    private NodePeer? _plain;

    public string Address => _server!.Address;

    public TemporalClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await Server.StartAsync(new DevServerOptions { Port = 0, DbFile = Path.Combine(_folder, "temporal.db") });
        Client = await TemporalClient.ConnectAsync(new TemporalOptions { Address = Address });
        _sticky = NodePeer.Start("peer.js", Address, Sticky, "100");
        _plain = NodePeer.Start("peer.js", Address, Plain, "0");
        Assert.Equal("ready", await _sticky.LineAsync());
        Assert.Equal("ready", await _plain.LineAsync());
    }

    /// <summary>Runs a C# worker on its own queue while <paramref name="work"/> runs.</summary>
    public async Task WithWorkerAsync(Action<WorkflowWorker> add, Func<string, Task> work)
    {
        var queue = "cs-" + Guid.NewGuid().ToString("N");
        var worker = new WorkflowWorker(Client, new WorkerOptions { TaskQueue = queue, GracefulShutdown = TimeSpan.FromMilliseconds(200) });
        add(worker);
        using var stop = new CancellationTokenSource();
        var running = worker.RunAsync(stop.Token);
        try
        {
            await work(queue).WaitAsync(TimeSpan.FromSeconds(90));
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }
    }

    public Task<WorkflowHandle> StartAsync(string queue, string type, object? input = null) =>
        Client.StartWorkflowAsync(type, input, new StartWorkflowOptions { Id = $"{type}-{Guid.NewGuid():N}", TaskQueue = queue, ExecutionTimeout = TimeSpan.FromMinutes(2) });

    public async ValueTask DisposeAsync()
    {
        await (_sticky?.DisposeAsync() ?? default);
        await (_plain?.DisposeAsync() ?? default);
        await (Client?.DisposeAsync() ?? default);
        await (_server?.DisposeAsync() ?? default);
        Directory.Delete(_folder, recursive: true);
    }
}
