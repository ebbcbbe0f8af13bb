using FlowForge.Plugins;

namespace FlowForge.PluginHost.Processes;

/// <summary>The runtime's side of <see cref="PipeRenewals"/>: holds and keeps for one host process, and lets go what it holds when it ends. For one thread.</summary>
/// <param name="renewals">Null where nothing is kept.</param>
internal sealed class RenewalDesk(IRenewals? renewals, FrameChannel channel)
{
    private readonly Dictionary<int, Held> _held = [];

    public void Take(int number, RenewalAsk ask)
    {
        switch (ask.Step)
        {
            case RenewalStep.Hold:
                var held = _held[number] = new Held();
                // Not on the thread that reads the frames: it may take long.
                held.Done = Task.Run(() => HoldAsync(number, held, new Secret(ask.Value!)));
                break;
            case RenewalStep.Keep when _held.TryGetValue(number, out var keeping):
                var before = keeping.Done;
                keeping.Done = Task.Run(() => KeepAsync(number, keeping, before, new Secret(ask.Value!)));
                break;
            case RenewalStep.Keep: Answer(number, new RenewalAnswer(null, "The secret is not held.")); break;
            case RenewalStep.Release when _held.Remove(number, out var ending): _ = EndAsync(ending); break;
        }
    }

    /// <summary>The process has ended. What it wanted kept is kept first.</summary>
    public void End()
    {
        foreach (var held in _held.Values) _ = EndAsync(held);
        _held.Clear();
    }

    private async Task HoldAsync(int number, Held held, Secret given)
    {
        try
        {
            if (renewals is not null) held.Renewal = await renewals.HoldAsync(given, held.Given.Token).ConfigureAwait(false);
            Answer(number, new RenewalAnswer((held.Renewal?.Current ?? given).Reveal(), null));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Answer(number, new RenewalAnswer(null, SecretMask.Hide(e.Message)));
        }
    }

    private async Task KeepAsync(int number, Held held, Task before, Secret renewed)
    {
        try
        {
            await before.ConfigureAwait(false);
            if (held.Renewal is { } renewal) await renewal.KeepAsync(renewed, CancellationToken.None).ConfigureAwait(false);
            Answer(number, new RenewalAnswer(null, null));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Answer(number, new RenewalAnswer(null, SecretMask.Hide(e.Message)));
        }
    }

    private static async Task EndAsync(Held held)
    {
        await held.Given.CancelAsync().ConfigureAwait(false);
        await held.Done.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (held.Renewal is { } renewal) await renewal.DisposeAsync().ConfigureAwait(false);
        held.Given.Dispose();
    }

    private void Answer(int number, RenewalAnswer answer)
    {
        try { channel.Say(FrameKind.Renewed, number, answer); }
        catch (Exception e) when (e is IOException or ObjectDisposedException) { /* The process ends; nobody waits for an answer. */ }
    }

    private sealed class Held
    {
        public CancellationTokenSource Given { get; } = new();
        public Task Done { get; set; } = Task.CompletedTask;
        public IRenewal? Renewal { get; set; }
    }
}
