using System.Threading.Channels;

namespace FlowForge.PluginHost.Processes;

/// <summary>A call as the runtime's side sees it: the frames that answer it.</summary>
internal sealed class RemoteCall(int id)
{
    /// <summary>Items that may be on their way in one call.</summary>
    public const int Window = 4;

    /// <summary>Bytes of a file in one item.</summary>
    public const int ChunkBytes = 256 * 1024;

    private readonly Channel<Frame> _frames = Channel.CreateUnbounded<Frame>(new UnboundedChannelOptions { SingleWriter = true });

    public int Id => id;
    public SemaphoreSlim Wanted { get; } = new(0);
    public ValueTask<Frame> NextAsync(CancellationToken ct) => _frames.Reader.ReadAsync(ct);
    public void Offer(Frame frame) => _frames.Writer.TryWrite(frame);
    public void Fail(Exception failure) => _frames.Writer.TryComplete(failure);
}
