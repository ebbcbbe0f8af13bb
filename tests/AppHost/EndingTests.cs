using FlowForge.Contracts;
using FlowForge.ServiceDefaults;

namespace FlowForge.AppHost.Tests;

public sealed class EndingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task Signal_RunningEnvironment_StopsAllInOrder(string signal)
    {
        await using var host = await AppHostProcess.ReadyAsync(folder.At("data"), "--no-demo", "--port-offset", AppHostProcess.PortOffset());
        Assert.Equal(3, host.Services.Count);
        host.Signal(signal);
        Assert.Equal(0, await host.ExitAsync());
        Assert.All(host.Services, pid => Assert.False(ParentWatch.IsAlive(pid)));
        Assert.DoesNotContain("was killed", host.Output, StringComparison.Ordinal);
        Assert.EndsWith("info Stopped.", host.Output, StringComparison.Ordinal);
        Assert.Null(host.Running);
    }

    [Fact]
    public async Task Kill9_RunningEnvironment_ServicesLeaveAndTheFolderCanBeUsedAtOnce()
    {
        await using var killed = await AppHostProcess.ReadyAsync(folder.At("data"), "--no-demo", "--port-offset", AppHostProcess.PortOffset());
        Assert.Equal(3, killed.Services.Count);
        killed.Signal("KILL");
        await killed.ExitAsync();

        await using var next = await AppHostProcess.ReadyAsync(folder.At("data"), "--no-demo", "--port-offset", AppHostProcess.PortOffset());
        Assert.All(killed.Services.Except(next.Services), pid => Assert.False(ParentWatch.IsAlive(pid)));
        Assert.Empty((await next.Running!.Connect().PipelinesAsync()).Items);
        next.Signal("TERM");
        Assert.Equal(0, await next.ExitAsync());
        await next.NobodyLeftAsync();
    }

    [Fact]
    public async Task Kill9_WhileStarting_LeavesNobody()
    {
        await using var host = AppHostProcess.Start(folder.At("data"), "--port-offset", AppHostProcess.PortOffset());
        var log = folder.At("data", "logs", "environment.log");
        await host.UntilAsync(() => ServicesOf(host.Id).Count > 0, "first service");
        var services = ServicesOf(host.Id);
        host.Signal("KILL");
        await host.ExitAsync();
        var limit = DateTime.UtcNow.AddSeconds(60);
        while (services.Any(ParentWatch.IsAlive))
        {
            Assert.True(DateTime.UtcNow < limit, $"Orphans of an AppHost that was killed while it started: {string.Join(", ", services.Where(ParentWatch.IsAlive))}; see {log}");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task Start_TemporalAddressSet_StartsNoServer()
    {
        await using var host = AppHostProcess.Start(folder.At("data"), new Dictionary<string, string> { ["Temporal__Address"] = "127.0.0.1:9" }, "--no-demo", "--port-offset", AppHostProcess.PortOffset());
        await host.UntilAsync(() => host.Output.Contains("Ctrl+C stops everything.", StringComparison.Ordinal), "ready");
        Assert.Equal(["runtime", "workbench"], host.Running!.Services.Keys.Order());
        Assert.Contains("  Temporal    127.0.0.1:9\n", host.Output, StringComparison.Ordinal);
        var system = await host.Running.Connect().SystemAsync();
        Assert.Equal(("127.0.0.1:9", false, false), (system.Temporal.Address, system.Temporal.Embedded, system.Temporal.Connected));
    }

    /// <summary>Children of a process, from /proc: at this moment runtime.json does not exist yet.</summary>
    private static List<int> ServicesOf(int parent)
    {
        var children = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid))
                continue;
            try
            {
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                if (stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == parent.ToString(System.Globalization.CultureInfo.InvariantCulture))
                    children.Add(pid);
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }
        return children;
    }
}
