namespace FlowForge.Plugins.Postgres.Wire;

/// <summary>What the messages of a COPY carry, as one stream. The server sends a message a row: many are taken in one call.</summary>
internal sealed class CopyData(WireInput input, Func<byte, int, bool> other) : Stream
{
    private int _left;

    /// <summary>Whether the server has said that there is no more.</summary>
    public bool HasEnded { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        var done = 0;
        while (done < buffer.Length && !HasEnded)
        {
            if (_left > 0)
            {
                var some = input.Take(buffer[done..Math.Min(buffer.Length, done + _left)]);
                (done, _left) = (done + some, _left - some);
            }
            else if (done > 0 && !input.HasNext) break;
            else if (input.Next() is var (kind, length) && kind == (byte)'d') _left = length;
            else HasEnded = other(kind, length);
        }
        return done;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
