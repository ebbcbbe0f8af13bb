using FlowForge.Temporal.DevServer;
using FlowForge.Temporal.Worker;
using Server = FlowForge.Temporal.DevServer.DevServer;

[assembly: AssemblyFixture(typeof(FlowForge.Temporal.Tests.DevServerFixture))]

namespace FlowForge.Temporal.Tests;

/// <summary>One embedded server, on disk, for all tests that do not stop it.</summary>
public sealed class DevServerFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flowforge-temporal-").FullName;
    private Server? _server;

    public TemporalOptions Options => new() { Address = _server!.Address };

    public TemporalClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await Server.StartAsync(new DevServerOptions { Port = 0, DbFile = Path.Combine(_folder, "temporal.db"), Log = Console.Error });
        Client = await TemporalClient.ConnectAsync(Options);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _server!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
