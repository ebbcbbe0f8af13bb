using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace FlowForge.Plugins.Http;

/// <summary>
/// One file from its first byte to its last. A broken connection goes on where it was, with the version that was listed: half of one version and half of another would be a file
/// that never was.
/// </summary>
internal sealed class HttpFileStream : Stream
{
    private const int MostBreaks = 8;
    private readonly HttpFiles _files;
    private readonly Uri _address;
    private readonly EntityTagHeaderValue? _etag;
    private readonly DateTimeOffset? _modified;
    private readonly HttpSpec _spec;
    private readonly byte[]? _checksum;
    private readonly IncrementalHash? _hash;
    private HttpResponseMessage? _answer;
    private Stream _body = Null;
    private long? _length;
    private long _position;
    private int _breaks;
    private bool _isOver;

    private HttpFileStream(HttpFiles files, Uri address, EntityTagHeaderValue? etag, DateTimeOffset? modified, HttpSpec spec, byte[]? checksum)
    {
        (_files, _address, _etag, _modified, _spec, _checksum) = (files, address, etag, modified, spec, checksum);
        _hash = checksum is null ? null : IncrementalHash.CreateHash(checksum.Length switch { 16 => HashAlgorithmName.MD5, 20 => HashAlgorithmName.SHA1, 32 => HashAlgorithmName.SHA256, _ => HashAlgorithmName.SHA512 });
    }

    /// <param name="etag">Of the version that was listed; null when the server gives none.</param>
    /// <param name="checksum">What the file must hash to.</param>
    public static async ValueTask<Stream> OpenAsync(HttpFiles files, Uri address, EntityTagHeaderValue? etag, DateTimeOffset? modified, HttpSpec spec, byte[]? checksum, CancellationToken cancellationToken)
    {
        var stream = new HttpFileStream(files, address, etag, modified, spec, checksum);
        try { await stream.ConnectAsync(cancellationToken).ConfigureAwait(false); }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return stream;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Exception? broken = null;
            try
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                timeout.CancelAfter(_spec.Timeout);
                var read = await _body.ReadAsync(buffer, timeout.Token).ConfigureAwait(false);
                if (read > 0 || buffer.Length == 0) return Taken(buffer.Span[..read]);
                if (_answer is not null && (_length is null || _position == _length))
                {
                    Prove();
                    return 0;
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is IOException or HttpRequestException or OperationCanceledException)
            {
                broken = e;
            }
            if (++_breaks > MostBreaks) throw new TransientException($"{HttpFiles.Shown(_address)}: the connection broke {_breaks} times, the last time at byte {_position}.", inner: broken);
            await Task.Delay(TimeSpan.FromMilliseconds(100 << Math.Min(_breaks, 6)), cancellationToken).ConfigureAwait(false);
            try { await ConnectAsync(cancellationToken).ConfigureAwait(false); }
            catch (Exception e) when (_breaks < MostBreaks && !_isOver && !cancellationToken.IsCancellationRequested && e is TransientException or IOException or HttpRequestException)
            {
                // The server may be back at the next try. Until then there is no body: its end is not the file's.
                CloseAnswer();
            }
        }
    }

    private int Taken(ReadOnlySpan<byte> bytes)
    {
        _position += bytes.Length;
        if (_position > _spec.MaxMegabytes << 20) throw HttpConnector.TooLargeOf(_address, _spec.MaxMegabytes);
        _hash?.AppendData(bytes);
        return bytes.Length;
    }

    private void Prove()
    {
        if (_checksum is null) return;
        var found = _hash!.GetCurrentHash();
        if (!CryptographicOperations.FixedTimeEquals(found, _checksum))
            throw new TransientException($"{HttpFiles.Shown(_address)} has the checksum {Convert.ToHexStringLower(found)}, and should have {Convert.ToHexStringLower(_checksum)}.");
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        CloseAnswer();
        var answer = await _files.SendAsync(HttpMethod.Get, _address, Prepare, cancellationToken).ConfigureAwait(false);
        _answer = answer;
        if (answer.StatusCode == HttpStatusCode.PreconditionFailed) throw Replaced();
        if (!answer.IsSuccessStatusCode) throw await _files.FailureAsync(_address, answer, cancellationToken).ConfigureAwait(false);
        var isRest = answer.StatusCode == HttpStatusCode.PartialContent;
        if (isRest && answer.Content.Headers.ContentRange?.From != _position) throw new TransientException($"{HttpFiles.Shown(_address)}: byte {_position} was asked for, and the server answers from {answer.Content.Headers.ContentRange?.From}.");
        if (answer.Headers.ETag is { } etag && _etag is not null && etag.Tag != _etag.Tag) throw Replaced();
        if (_etag is null && _modified is not null && answer.Content.Headers.LastModified is { } modified && modified != _modified) throw Replaced();
        var whole = isRest ? answer.Content.Headers.ContentRange?.Length : answer.Content.Headers.ContentLength;
        if (_position > 0 && whole is not null && _length is not null && whole != _length) throw Replaced();
        _length ??= whole;
        _body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        if (!isRest && _position > 0) await SkipAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A server that knows no ranges begins anew; what was read already is passed over, if it can be the same.</summary>
    private async Task SkipAsync(CancellationToken cancellationToken)
    {
        if (_etag is null && _modified is null && _checksum is null) throw Over($"{HttpFiles.Shown(_address)}: the connection broke at byte {_position}, and the server neither goes on there nor says whether the file is still the same.");
        var buffer = new byte[1 << 16];
        for (var left = _position; left > 0;)
        {
            var read = await _files.NextAsync(_body, buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), _address, cancellationToken).ConfigureAwait(false);
            if (read == 0) throw new TransientException($"{HttpFiles.Shown(_address)} ends at byte {_position - left}, and was read up to {_position} before.");
            left -= read;
        }
    }

    private void Prepare(HttpRequestMessage request)
    {
        if (_etag is { IsWeak: false }) request.Headers.IfMatch.Add(_etag);
        if (_position > 0) request.Headers.Range = new RangeHeaderValue(_position, null);
    }

    private TransientException Replaced() => Over($"{HttpFiles.Shown(_address)} was replaced after it was listed.");

    /// <summary>What was read already is of another version, or may be: this stream cannot go on, only another begin anew.</summary>
    private TransientException Over(string message)
    {
        _isOver = true;
        return new TransientException(message);
    }

    private void CloseAnswer()
    {
        _body.Dispose();
        _answer?.Dispose();
        (_body, _answer) = (Null, null);
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => _length ?? throw new NotSupportedException();
    public override long Position { get => _position; set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            CloseAnswer();
            _hash?.Dispose();
        }
        base.Dispose(disposing);
    }
}
