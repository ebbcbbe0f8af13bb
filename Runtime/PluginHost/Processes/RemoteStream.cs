namespace FlowForge.PluginHost.Processes;

/// <summary>A file's content that comes from a host process, a few chunks ahead of the reader.</summary>
internal sealed class RemoteStream : ChunkStream
{
    private readonly IAsyncEnumerator<Frame> _chunks;
    private readonly CancellationTokenSource _gone = new();
    private int _disposed;

    private RemoteStream(HostProcess host, int file) => _chunks = host.ItemsAsync("file", file, _gone.Token).GetAsyncEnumerator(_gone.Token);

    /// <summary>Opened when the first chunk is there: what opening says is said at opening.</summary>
    public static async ValueTask<Stream> OpenAsync(HostProcess host, int file, CancellationToken ct)
    {
        var stream = new RemoteStream(host, file);
        try
        {
            await stream.FillAsync(ct).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _gone.CancelAsync().ConfigureAwait(false);
        await _chunks.DisposeAsync().ConfigureAwait(false);
        _gone.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) DisposeAsync().AsTask().GetAwaiter().GetResult();
        base.Dispose(disposing);
    }

    protected override async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken ct)
    {
        using var stop = ct.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), _gone);
        return await _chunks.MoveNextAsync().ConfigureAwait(false) ? _chunks.Current.Body : (ReadOnlyMemory<byte>?)null;
    }
}
