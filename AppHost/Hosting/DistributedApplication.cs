using System.Collections.Concurrent;

namespace FlowForge.AppHost.Hosting;

/// <summary>
/// Runs the resources: starts each when those it waits for are healthy, restarts what dies, stops all in reverse order.
/// Start once, stop once; disposing kills whatever is left.
/// </summary>
internal sealed class DistributedApplication(IReadOnlyList<ProjectResource> resources, IServiceLog log) : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(12);

    private readonly ConcurrentDictionary<string, ResourceSupervisor> supervisors = new(StringComparer.Ordinal);

    public IReadOnlyList<ProjectResource> Resources => resources;

    /// <summary>Process of every service that lives now.</summary>
    public IReadOnlyDictionary<string, int> Processes =>
        supervisors.Where(s => s.Value.ProcessId is not null).ToDictionary(s => s.Key, s => s.Value.ProcessId!.Value, StringComparer.Ordinal);

    /// <summary>A service was started again: process numbers changed.</summary>
    public event Action? Changed;

    /// <summary>Ends when all are healthy. Throws <see cref="AppHostException"/> when one ends or stays unwell instead; the caller stops the rest.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var ready = new Dictionary<ProjectResource, Task>();
        foreach (var resource in resources)
            ready[resource] = StartAsync(resource, [.. resource.WaitsFor.Select(w => ready[w])], abort.Token);
        try
        {
            await foreach (var one in Task.WhenEach(ready.Values).WithCancellation(CancellationToken.None))
                await one;
        }
        catch
        {
            await abort.CancelAsync();
            throw;
        }
    }

    /// <summary>Stops all, last started first. <paramref name="hurry"/> kills instead of waiting.</summary>
    public async Task StopAsync(CancellationToken hurry = default)
    {
        foreach (var resource in resources.Reverse())
        {
            if (!supervisors.TryRemove(resource.Name, out var supervisor))
                continue;
            await supervisor.StopAsync(StopTime, hurry);
            supervisor.Dispose();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StartAsync(ProjectResource resource, IReadOnlyList<Task> before, CancellationToken ct)
    {
        await Task.WhenAll(before);
        ct.ThrowIfCancellationRequested();
        var supervisor = supervisors.GetOrAdd(resource.Name, _ => new ResourceSupervisor(resource, log, () => Changed?.Invoke()));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StartTime);
        try
        {
            await supervisor.StartAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new AppHostException($"{resource.Name} did not become healthy at {resource.Authority} within {StartTime.TotalSeconds:0} s.",
                "Its last lines above may say why; logs/environment.log in the data folder has them all.");
        }
    }
}
