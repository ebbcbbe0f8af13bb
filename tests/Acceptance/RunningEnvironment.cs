using System.Diagnostics;
using FlowForge.Contracts;

namespace FlowForge.Acceptance.Tests;

/// <summary>A running environment: AppHost, its services, and a client of its API that survives restarts of the runtime.</summary>
internal sealed class RunningEnvironment : IAsyncDisposable
{
    private readonly AppHostProcess _host;

    private RunningEnvironment(AppHostProcess host, FlowForgeClient client, string data)
    {
        _host = host;
        Client = client;
        DataFolder = data;
    }

    public FlowForgeClient Client { get; }

    public string DataFolder { get; }

    public string Output => _host.Output;

    public int ProcessId => _host.Process.Id;

    /// <param name="settings">Environment variables, beside this process's own.</param>
    public static async Task<RunningEnvironment> StartAsync(string data, CancellationToken cancel, IReadOnlyDictionary<string, string>? settings = null)
    {
        var offset = FreePort.TakeOffset();
        var host = AppHostProcess.Start(["--data", data, "--port-offset", offset.ToString(), "--no-demo"], settings);
        var token = Path.Combine(data, "token");
        try
        {
            await Wait.UntilAsync(() => Task.FromResult(File.Exists(token) && File.ReadAllText(token).Length > 0), () => "the token file\n" + host.Output, TimeSpan.FromSeconds(60), cancel);
            var client = FlowForgeClient.Connect(new Uri($"http://127.0.0.1:{5080 + offset}"), File.ReadAllText(token).Trim());
            var environment = new RunningEnvironment(host, client, data);
            await Wait.UntilAsync(async () => (await client.SystemAsync(cancel)).Temporal.Connected, () => "health of the runtime\n" + host.Output, TimeSpan.FromSeconds(90), cancel);
            return environment;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public void Kill(string service)
    {
        foreach (var id in AppHostProcess.ProcessesOf(DataFolder, service))
        {
            try
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (ArgumentException)
            {
                // it ended by itself in between
            }
        }
    }

    /// <summary>Waits until the run has ended, through restarts of the runtime.</summary>
    public async Task<RunDetail> EndOfAsync(string run, CancellationToken cancel)
    {
        RunDetail? detail = null;
        await Wait.UntilAsync(
            async () => (detail = await Client.RunAsync(run, cancel)).FinishedAt is not null,
            () => $"the end of {run}, last seen {detail?.State}: {string.Join("; ", detail?.Jobs.Select(j => $"{j.Id} {j.State} {j.Phase} attempt {j.Attempt}") ?? [])}\n{_host.Output}",
            TimeSpan.FromMinutes(3), cancel);
        return detail!;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}

internal static class Wait
{
    /// <summary>Asks again and again; a runtime that is being restarted counts as "not yet".</summary>
    /// <param name="every">Milliseconds between two questions.</param>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan patience, CancellationToken cancel, int every = 100)
    {
        var clock = Stopwatch.StartNew();
        Exception? last = null;
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(every));
        while (clock.Elapsed < patience)
        {
            try
            {
                if (await condition()) return;
                last = null;
            }
            catch (Exception error) when (error is FlowForgeApiException or HttpRequestException or IOException)
            {
                last = error;
            }
            await tick.WaitForNextTickAsync(cancel);
        }
        throw new TimeoutException($"Waited {patience.TotalSeconds:0} s for {what()}\n{last?.Message}");
    }
}
