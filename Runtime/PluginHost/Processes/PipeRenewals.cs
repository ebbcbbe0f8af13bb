using System.Collections.Concurrent;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Processes;

/// <summary>The connector's renewals inside of a host process: the runtime on the other side of the pipe holds and keeps. Thread-safe.</summary>
internal sealed class PipeRenewals(FrameChannel channel) : IRenewals
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource<RenewalAnswer>> _asked = new();
    private int _last;

    public async ValueTask<IRenewal> HoldAsync(Secret given, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _last);
        try
        {
            return new Held(this, number, new Secret(await AskAsync(number, RenewalStep.Hold, given.Reveal(), cancellationToken).ConfigureAwait(false)));
        }
        catch
        {
            Release(number);
            throw;
        }
    }

    public void Answer(int number, RenewalAnswer answer)
    {
        if (_asked.TryRemove(number, out var asked)) asked.TrySetResult(answer);
    }

    private async Task<string> AskAsync(int number, RenewalStep step, string value, CancellationToken ct)
    {
        var asked = _asked[number] = new TaskCompletionSource<RenewalAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.Say(FrameKind.Renew, number, new RenewalAsk(step, value));
        var answer = await asked.Task.WaitAsync(ct).ConfigureAwait(false);
        return answer.Error is { } error ? throw new IOException(error) : answer.Value ?? "";
    }

    private void Release(int number)
    {
        _asked.TryRemove(number, out _);
        channel.Say(FrameKind.Renew, number, new RenewalAsk(RenewalStep.Release, null));
    }

    private sealed class Held(PipeRenewals renewals, int number, Secret current) : IRenewal
    {
        private int _released;

        public Secret Current { get; private set; } = current;

        public async ValueTask KeepAsync(Secret renewed, CancellationToken cancellationToken)
        {
            await renewals.AskAsync(number, RenewalStep.Keep, renewed.Reveal(), cancellationToken).ConfigureAwait(false);
            Current = renewed;
        }

        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0) renewals.Release(number);
            return default;
        }
    }
}
