using System.Threading.Channels;

namespace FlowForge.PluginHost.Processes;

/// <summary>A call inside the host process: its cancellation, the items that may go out, the items that came in.</summary>
internal sealed class HostedCall : IDisposable
{
    private readonly SemaphoreSlim _credit = new(0);
    private readonly Channel<ReadOnlyMemory<byte>> _pushed = System.Threading.Channels.Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
    private readonly CancellationTokenSource _cancel = new();

    public required int Id { get; init; }
    public required FrameChannel Channel { get; init; }
    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>As <see cref="Cancel"/>, it may come when the call has just ended: that is for nobody any more.</summary>
    public void Credit()
    {
        try { _credit.Release(); }
        catch (ObjectDisposedException) { /* It has ended. */ }
    }

    public void Cancel()
    {
        try { _cancel.Cancel(); }
        catch (ObjectDisposedException) { /* It has ended. */ }
    }

    public void Push(ReadOnlyMemory<byte> item) => _pushed.Writer.TryWrite(item);
    public void PushEnd() => _pushed.Writer.TryComplete();

    /// <summary>Sends an item as soon as the other side has room for it.</summary>
    public async Task SendAsync<T>(T header, ReadOnlyMemory<byte> body)
    {
        await _credit.WaitAsync(Cancelled).ConfigureAwait(false);
        Channel.Say(FrameKind.Item, Id, header, body.Span);
    }

    /// <summary>The items that the other side pushes.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> TakeAsync()
    {
        for (var i = 0; i < RemoteCall.Window; i++) Channel.Write(FrameKind.Want, Id);
        await foreach (var item in _pushed.Reader.ReadAllAsync(Cancelled).ConfigureAwait(false))
        {
            yield return item;
            Channel.Write(FrameKind.Want, Id);
        }
    }

    public void Dispose()
    {
        _credit.Dispose();
        _cancel.Dispose();
    }
}
