using System.Buffers;
using System.Net;

namespace FlowForge.Plugins.Files;

/// <summary>
/// A file of a server that gives ranges, read by several of them at once and handed over in order: one connection alone seldom fills a line. A broken connection, or one that brings
/// nothing, goes on where it was. Never more than <c>parallel</c> + 1 parts of 8 MB are in memory.
/// </summary>
internal sealed class RangedStream : Stream
{
    private const int PartBytes = 8 << 20;
    private const int MostBreaks = 5;
    private readonly string _name;
    private readonly OpenRange _open;
    private readonly Queue<Task<byte[]>> _parts = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly int _parallel;
    private readonly TimeSpan _patience;
    private readonly long _length;
    private long _asked;
    private long _position;
    private byte[]? _part;
    private int _taken;

    private RangedStream(string name, OpenRange open, long length, int parallel, TimeSpan patience)
    {
        (_name, _open, _length, _parallel, _patience) = (name, open, length, parallel, patience);
        Ask();
    }

    /// <summary>Returns when the first part is there: a file that is gone or was replaced is told before anything is read.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="open">Every answer must be of one version of the file.</param>
    /// <param name="length">As it was listed.</param>
    /// <param name="parallel">Ranges at once.</param>
    /// <param name="patience">How long a range may bring nothing.</param>
    public static async ValueTask<Stream> OpenAsync(string name, OpenRange open, long length, int parallel, TimeSpan patience, CancellationToken cancellationToken)
    {
        var stream = new RangedStream(name, open, length, parallel, patience);
        try
        {
            if (length > 0) await stream._parts.Peek().WaitAsync(cancellationToken).ConfigureAwait(false);
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
        if (_position == _length || buffer.Length == 0) return 0;
        if (_part is null)
        {
            // Taken from the queue when it is here: a read that was cancelled can be made again.
            _part = await _parts.Peek().WaitAsync(cancellationToken).ConfigureAwait(false);
            _ = _parts.Dequeue();
            _taken = 0;
        }
        var size = (int)Math.Min(PartBytes, _length - (_position - _taken));
        var count = Math.Min(buffer.Length, size - _taken);
        _part.AsSpan(_taken, count).CopyTo(buffer.Span);
        (_taken, _position) = (_taken + count, _position + count);
        if (_taken == size)
        {
            ArrayPool<byte>.Shared.Return(_part);
            _part = null;
            Ask();
        }
        return count;
    }

    private void Ask()
    {
        for (; _asked < _length && _parts.Count < _parallel; _asked += PartBytes)
        {
            var (from, count) = (_asked, (int)Math.Min(PartBytes, _length - _asked));
            _parts.Enqueue(Task.Run(() => PartAsync(from, count, _stop.Token)));
        }
    }

    private async Task<byte[]> PartAsync(long from, int count, CancellationToken ct)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            var (read, breaks) = (0, 0);
            while (read < count)
            {
                Exception? broken = null;
                using var answer = await _open(from + read, from + count - 1, ct).ConfigureAwait(false);
                try
                {
                    using var silence = CancellationTokenSource.CreateLinkedTokenSource(ct);
                    for (var got = 1; got > 0 && read < count; read += got)
                    {
                        silence.CancelAfter(_patience);
                        got = await answer.ReadAsync(bytes.AsMemory(read, count - read), silence.Token).ConfigureAwait(false);
                    }
                }
                catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
                {
                    broken = e;
                }
                if (read < count && ++breaks > MostBreaks) throw new TransientException($"The connection broke {breaks} times while {_name} was read at byte {from + read}.", inner: broken);
            }
            return bytes;
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(bytes);
            throw;
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
        if (disposing && !_stop.IsCancellationRequested)
        {
            _stop.Cancel();
            if (_part is not null) ArrayPool<byte>.Shared.Return(_part);
            _part = null;
            var left = _parts.ToArray();
            _parts.Clear();
            // What is still on its way ends by itself; what came goes back.
            _ = Task.WhenAll(left).ContinueWith(all =>
            {
                foreach (var part in left)
                    if (part.IsCompletedSuccessfully) ArrayPool<byte>.Shared.Return(part.Result);
                    else _ = all.Exception;
                _stop.Dispose();
            }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        base.Dispose(disposing);
    }
}

/// <summary>Asks for the bytes from the first to the last given, both included.</summary>
internal delegate Task<Stream> OpenRange(long first, long last, CancellationToken cancellationToken);

/// <summary>What a service says of the range that it gives.</summary>
internal static class RangeAnswer
{
    /// <param name="first">The byte that was asked for.</param>
    /// <param name="from">The byte that the answer's Content-Range begins with.</param>
    /// <exception cref="TerminalException">It is another range: a part would be of the right length, and not of the right place.</exception>
    public static void Check(string name, long first, HttpStatusCode status, long? from)
    {
        if (status == HttpStatusCode.PartialContent ? from == first : first == 0) return;
        throw new TerminalException($"{name}: byte {first} was asked for, and the answer (HTTP {(int)status}) begins at byte {(status == HttpStatusCode.PartialContent ? from?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?" : "0")}.",
            "What lies between here and the service (a gateway, a proxy) does not pass ranges on: let it, or go around it.");
    }
}
