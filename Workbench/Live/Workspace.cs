using FlowForge.Contracts;

namespace FlowForge.Workbench.Live;

/// <summary>
/// What every page's frame shows, kept once for all viewers: one event stream from the runtime and one slow pulse, however many
/// browsers are open. Subscribers are called on a pool thread, one after another.
/// </summary>
internal sealed class Workspace(FlowForgeClient api, ILogger<Workspace> log) : BackgroundService
{
    private static readonly TimeSpan Pulse = TimeSpan.FromSeconds(15);

    private readonly Coalescer recount = new(TimeSpan.FromSeconds(1));

    /// <summary>Null until the runtime answered for the first time, and while it does not.</summary>
    public SystemStatus? System { get; private set; }

    /// <summary>The last known numbers; null before the first answer.</summary>
    public WorkspaceCounts? Counts { get; private set; }

    /// <summary>False until the first attempt has ended, well or not.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>The frame's figures changed.</summary>
    public event Action? Changed;

    /// <summary>Something happened to a run or job of any pipeline; <c>ready</c> after each (re)connection.</summary>
    public event Action<RunEvent>? Happened;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(FollowAsync(stoppingToken), BeatAsync(stoppingToken), recount.RunAsync(RefreshAsync, stoppingToken));

    private async Task FollowAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await foreach (var e in api.WatchAsync(ct))
                {
                    if (e.Type is RunEvent.Ready or RunEvent.RunChanged)
                        recount.Ask();
                    Happened?.Invoke(e);
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                log.LogWarning("The runtime's events cannot be followed: {Message} Trying again in 5 s.", e.Message);
                await Task.Delay(TimeSpan.FromSeconds(5), ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task BeatAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Pulse);
        recount.Ask();
        while (await NextAsync(timer, ct))
            recount.Ask();
    }

    private async Task RefreshAsync(CancellationToken ct)
    {
        var before = (System?.Worker, Counts, HasAnswered);
        try
        {
            System = await api.SystemAsync(ct);
            Counts = (await api.OverviewAsync("24h", ct)).Counts;
        }
        catch (FlowForgeApiException)
        {
            System = null;
        }
        HasAnswered = true;
        if (before != (System?.Worker, Counts, HasAnswered))
            Changed?.Invoke();
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
