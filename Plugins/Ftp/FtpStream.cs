namespace FlowForge.Plugins.Ftp;

/// <summary>One file by a login of its own. A broken connection goes on where it was (REST), if the file still has the size and time that were listed.</summary>
internal sealed class FtpStream : Stream
{
    private const int MostBreaks = 5;
    private readonly FtpSpec _spec;
    private readonly string _path;
    private readonly FtpEntry _facts;
    private FtpConnection? _connection;
    private Stream? _data;
    private long _position;
    private int _breaks;
    private bool _isOver;

    private FtpStream(FtpSpec spec, string path, FtpEntry facts) => (_spec, _path, _facts) = (spec, path, facts);

    public static async ValueTask<Stream> OpenAsync(FtpSpec spec, string path, FtpEntry facts, CancellationToken ct)
    {
        var stream = new FtpStream(spec, path, facts);
        try
        {
            await stream.BeginAsync(ct).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!_isOver && buffer.Length > 0)
        {
            Exception? broken = null;
            try
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(_spec.Timeout);
                var got = _data is null ? 0 : await _data.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
                _position += got;
                if (got > 0) return got;
                if (_data is not null && await IsWholeAsync(cancellationToken).ConfigureAwait(false)) return 0;
            }
            catch (Exception e) when (e is IOException or TransientException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                broken = e;
            }
            if (++_breaks > MostBreaks) throw new TransientException($"{_path}: the connection broke {_breaks} times, the last time at byte {_position}.", inner: broken);
            Drop();
            await Task.Delay(TimeSpan.FromMilliseconds(100 << _breaks), cancellationToken).ConfigureAwait(false);
            try { await BeginAsync(cancellationToken).ConfigureAwait(false); }
            catch (TransientException e) when (_breaks < MostBreaks && e.InnerException is not null)
            {
                // The server may be back at the next try.
                Drop();
            }
        }
        return 0;
    }

    // The end of the data says little: the server's word and the size say that it is the file's.
    private async Task<bool> IsWholeAsync(CancellationToken ct)
    {
        await _data!.DisposeAsync().ConfigureAwait(false);
        _data = null;
        var end = await _connection!.EndAsync(ct).ConfigureAwait(false);
        if (!end.IsGood || _position < _facts.Size) return false;
        if (_facts.Size is { } size && _position != size) throw new TerminalException($"{_path} has {_position} bytes, and {size} were listed.", "It is still being written: set min_age, or let its writer rename it when it is done.");
        return _isOver = true;
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        _connection = await FtpConnection.OpenAsync(_spec, ct).ConfigureAwait(false);
        var facts = await FactsAsync(_connection, _path, ct).ConfigureAwait(false) ?? throw new TransientException($"{_path} is not there any more.");
        if (facts.Size != _facts.Size || facts.Modified != _facts.Modified) throw new TransientException($"{_path} was changed after it was listed.");
        var (data, reply) = await _connection.ReceiveAsync("RETR " + _path, _position, ct).ConfigureAwait(false);
        _data = data ?? throw FtpConnector.Refused(_path, reply);
    }

    /// <summary>Size and time of a file; null when it is not there. Servers that know neither SIZE nor MDTM are asked for the listing of its folder.</summary>
    /// <param name="listed">Its entry there, when the folder was listed just now.</param>
    public static async Task<FtpEntry?> FactsAsync(FtpConnection connection, string path, CancellationToken ct, FtpEntry? listed = null)
    {
        var size = await connection.SendAsync("SIZE " + path, ct).ConfigureAwait(false);
        var time = await connection.SendAsync("MDTM " + path, ct).ConfigureAwait(false);
        var name = path[(path.LastIndexOf('/') + 1)..];
        // A command that is not known says nothing about the file.
        if (size.IsUnknown && time.IsUnknown)
        {
            if (listed is not null) return listed;
            var folder = path[..^name.Length] is { Length: > 1 } above ? above.TrimEnd('/') : "/";
            if (!await FtpConnector.IsFolderAsync(connection, folder, ct).ConfigureAwait(false)) return null;
            var found = (await FtpConnector.EntriesAsync(connection, folder, ct).ConfigureAwait(false)).Where(e => e.Name == name && !e.IsFolder).ToList();
            return found.Count > 0 ? found[0] : null;
        }
        if (!size.IsGood && !time.IsGood) return size.Code is >= 400 and < 500 ? throw size.Failure(path) : null;
        return new FtpEntry(name, false, size.IsGood && long.TryParse(size.Text, out var bytes) ? bytes : null, time.IsGood ? FtpListing.Time(time.Text.Trim()) : null);
    }

    private void Drop()
    {
        _data?.Dispose();
        _connection?.Dispose();
        (_data, _connection) = (null, null);
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => _facts.Size ?? throw new NotSupportedException();
    public override long Position { get => _position; set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) Drop();
        base.Dispose(disposing);
    }
}
