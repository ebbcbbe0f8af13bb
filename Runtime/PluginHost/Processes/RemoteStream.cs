namespace FlowForge.PluginHost.Processes;

/// <summary>A file's content that comes from a host process, a few chunks ahead of the reader.</summary>
internal sealed class RemoteStream : Stream
{
    private readonly IAsyncEnumerator<Frame> _chunks;
    private readonly CancellationTokenSource _gone = new();
    private ReadOnlyMemory<byte> _rest;
    private bool _ended;
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

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty && !await FillAsync(cancellationToken).ConfigureAwait(false)) return 0;
        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

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

    private async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        if (_ended) return false;
        using var stop = ct.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), _gone);
        if (!await _chunks.MoveNextAsync().ConfigureAwait(false))
        {
            _ended = true;
            return false;
        }
        _rest = _chunks.Current.Body;
        return true;
    }
}
