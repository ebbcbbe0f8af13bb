namespace FlowForge.Plugins.Sftp;

/// <summary>One file from its first byte to its last, many reads ahead. After a broken connection it goes on where it was, if the file is still the one that was listed.</summary>
internal sealed class SftpStream : Stream
{
    private const int BytesAhead = 4 << 20, FewestAhead = 16, MostAhead = 64, MostBreaks = 5;
    private readonly Func<CancellationToken, Task<SftpSession>> _login;
    private readonly string _path;
    private readonly SftpFacts _listed;
    private readonly Queue<(long Offset, int Count, Task<ArraySegment<byte>> Bytes)> _ahead = new();
    private SftpSession? _session;
    private byte[] _handle = [];
    private ArraySegment<byte> _left;
    private long _position, _asked;
    private int _breaks;
    private bool _ended, _isOver;

    private SftpStream(Func<CancellationToken, Task<SftpSession>> login, string path, SftpFacts listed) => (_login, _path, _listed) = (login, path, listed);

    /// <param name="login">Gives a session, a new one when the last was lost; it stays the giver's.</param>
    /// <param name="listed">What the file was when it was listed.</param>
    public static async ValueTask<Stream> OpenAsync(Func<CancellationToken, Task<SftpSession>> login, string path, SftpFacts listed, CancellationToken ct)
    {
        var stream = new SftpStream(login, path, listed);
        await stream.ConnectAsync(ct).ConfigureAwait(false);
        return stream;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_left.Count == 0 && !_ended)
        {
            try { await NextAsync(cancellationToken).ConfigureAwait(false); }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && !_isOver && e is TransientException or IOException and not SftpException)
            {
                if (++_breaks > MostBreaks) throw new TransientException($"{_path}: the connection broke {_breaks} times, the last time at byte {_position}.", inner: e);
                await Task.Delay(TimeSpan.FromMilliseconds(200 << _breaks), cancellationToken).ConfigureAwait(false);
                try { await ConnectAsync(cancellationToken).ConfigureAwait(false); }
                catch (TransientException) when (_breaks < MostBreaks && !_isOver) { _session = null; }
            }
        }
        if (_left.Count == 0) return 0;
        var count = Math.Min(buffer.Length, _left.Count);
        _left[..count].AsSpan().CopyTo(buffer.Span);
        _left = _left[count..];
        if (_left.Count == 0) GiveBack();
        return count;
    }

    private async Task NextAsync(CancellationToken ct)
    {
        if (_session is null) throw new TransientException($"{_path}: not connected.");
        var most = _session.ReadBytes;
        var ahead = Math.Clamp(BytesAhead / most, FewestAhead, MostAhead);
        while (_ahead.Count < ahead && (_listed.Size is not { } size || _asked < size || _ahead.Count == 0))
        {
            _ahead.Enqueue((_asked, most, _session.ReadAsync(_handle, _asked, most, ct)));
            _asked += most;
        }
        var (offset, count, reading) = _ahead.Dequeue();
        ArraySegment<byte> bytes;
        try { bytes = await reading.ConfigureAwait(false); }
        catch (SftpException e) { throw SftpConnector.Refused(_path, e); }
        if (bytes.Count == 0)
        {
            _ended = true;
            Forget();
            if (_listed.Size is { } listed && _position != listed) throw Over("was changed after it was listed.");
            return;
        }
        (_left, _position) = (bytes, offset + bytes.Count);
        if (bytes.Count == count) return;
        // A short answer: what is missing is asked for again, and what was asked behind it with it.
        Forget();
        _asked = _position;
    }

    private async Task ConnectAsync(CancellationToken ct)
    {
        Forget();
        _session = await _login(ct).ConfigureAwait(false);
        try
        {
            if (await _session.StatAsync(_path, ct).ConfigureAwait(false) is not { } now) throw Over("was there when the files were listed and is gone now.");
            if (now.Size != _listed.Size || now.Modified != _listed.Modified) throw Over("was changed after it was listed.");
            _handle = await _session.OpenAsync(_path, ct).ConfigureAwait(false);
        }
        catch (SftpException e) { throw SftpConnector.Refused(_path, e); }
        _asked = _position;
    }

    /// <summary>What was read already is of another file: this stream cannot go on, only another begin anew.</summary>
    private TransientException Over(string what)
    {
        _isOver = true;
        return new TransientException($"{_path} {what}");
    }

    // What is still under way ends by itself; its array is left to the collector.
    private void Forget()
    {
        while (_ahead.TryDequeue(out var ahead)) _ = ahead.Bytes.ContinueWith(static t => t.Exception, TaskScheduler.Default);
    }

    private void GiveBack()
    {
        if (_left.Array is { Length: > 0 } array) System.Buffers.ArrayPool<byte>.Shared.Return(array);
        _left = default;
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => _listed.Size ?? throw new NotSupportedException();
    public override long Position { get => _position - _left.Count; set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Forget();
            GiveBack();
            if (_session is { } session) _ = session.CloseAsync(_handle, CancellationToken.None).ContinueWith(static t => t.Exception, TaskScheduler.Default);
            _session = null;
        }
        base.Dispose(disposing);
    }
}
