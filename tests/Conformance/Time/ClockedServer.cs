using FlowForge.Conformance.Tests.Support;

namespace FlowForge.Conformance.Tests.Time;

/// <summary>A server whose time the test moves.</summary>
internal sealed class ClockedServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private DevServer _server = null!;

    public FakeClock Clock { get; } = new(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public ServiceClient Client { get; private set; } = null!;

    public static async Task<ClockedServer> StartAsync()
    {
        var clocked = new ClockedServer();
        await clocked.OpenAsync();
        return clocked;
    }

    /// <summary>Stops the server, moves the clock, and starts it on the same file.</summary>
    public async Task RestartAfterAsync(TimeSpan away)
    {
        Client.Dispose();
        await _server.DisposeAsync();
        Clock.Advance(away);
        await OpenAsync();
    }

    /// <summary>Moves the clock and waits until the server has done what became due.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        // In steps, since what is due may arm the next timer.
        var end = Clock.GetUtcNow() + by;
        while (Clock.GetUtcNow() < end)
        {
            var next = await _server.State.Executor.Run(() => _server.State.Executor.Timers.NextDue);
            var step = next is { } due && due < end.UtcDateTime ? new DateTimeOffset(due, TimeSpan.Zero).AddMilliseconds(2) : end;
            Clock.MoveTo(step > end ? end : step);
            await _server.State.Executor.Run(() => true);
        }
        await _server.State.Executor.Run(() => true);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task OpenAsync()
    {
        _server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = _folder.File("t.db"), Clock = Clock });
        Client = new ServiceClient(_server.Address);
    }
}
