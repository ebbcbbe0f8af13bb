using System.Threading.Channels;

namespace FlowForge.Workbench.Live;

/// <summary>Turns a burst of wishes into few acts: at once for the first, then at most one per <paramref name="interval"/>, never losing the last. Thread-safe.</summary>
internal sealed class Coalescer(TimeSpan interval)
{
    private readonly Channel<bool> wishes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ask() => wishes.Writer.TryWrite(true);

    /// <summary>Acts until cancelled; returns then. An error of the act ends it.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> act, CancellationToken ct)
    {
        try
        {
            await foreach (var _ in wishes.Reader.ReadAllAsync(ct))
            {
                await act(ct);
                await Task.Delay(interval, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The viewer left.
        }
    }
}
