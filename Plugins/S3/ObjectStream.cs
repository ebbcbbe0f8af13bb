using Amazon.S3.Model;

namespace FlowForge.Plugins.S3;

/// <summary>An object's content. When the connection breaks in the middle, the rest is asked for again: the same version, or an error.</summary>
internal sealed class ObjectStream : Stream
{
    private const int MostBreaks = 5;
    private readonly Func<long, CancellationToken, Task<GetObjectResponse>> _open;
    private GetObjectResponse _answer;
    private readonly long _length;
    private long _position;
    private int _breaks;

    private ObjectStream(Func<long, CancellationToken, Task<GetObjectResponse>> open, GetObjectResponse answer) => (_open, _answer, _length) = (open, answer, answer.ContentLength);

    public static async ValueTask<Stream> OpenAsync(Func<long, CancellationToken, Task<GetObjectResponse>> open, CancellationToken cancellationToken) =>
        new ObjectStream(open, await open(0, cancellationToken).ConfigureAwait(false));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Exception? broken = null;
            try
            {
                var got = await _answer.ResponseStream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (got > 0 || _position == _length || buffer.Length == 0)
                {
                    _position += got;
                    return got;
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
            {
                broken = e;
            }
            if (++_breaks > MostBreaks) throw new TransientException($"The connection broke {_breaks} times while {_answer.Key} was read.", inner: broken);
            _answer.Dispose();
            _answer = await _open(_position, cancellationToken).ConfigureAwait(false);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => _length;
    public override long Position { get => _position; set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _answer.Dispose();
        base.Dispose(disposing);
    }
}
