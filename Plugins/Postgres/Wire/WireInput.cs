using System.Buffers.Binary;
using System.Net.Sockets;

namespace FlowForge.Plugins.Postgres.Wire;

/// <summary>The messages that come over a socket that blocks.</summary>
internal sealed class WireInput(Socket socket)
{
    private const int Header = 5, BufferBytes = 256 << 10, LongestMessage = 1 << 24;
    private byte[] _buffer = new byte[BufferBytes];
    private int _start, _end;

    /// <summary>Whether what has not come in the socket's time may still come; otherwise that is an error.</summary>
    public bool Waits { get; set; }

    /// <summary>One byte that is no message: the answer to the question for encryption.</summary>
    public byte Answer()
    {
        Need(1);
        return _buffer[_start++];
    }

    /// <summary>The kind of the next message and the bytes in it, which are to be taken next.</summary>
    public (byte Kind, int Length) Next()
    {
        Need(Header);
        var kind = _buffer[_start];
        var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start + 1)) - 4;
        if (length < 0) throw new IOException("The server's answer is no message of PostgreSQL's protocol.");
        _start += Header;
        return (kind, length);
    }

    /// <summary>All bytes of a message; valid until the next call.</summary>
    public ReadOnlySpan<byte> Body(int length)
    {
        if (length > LongestMessage) throw new IOException("The server's answer is no message of PostgreSQL's protocol.");
        Need(length);
        _start += length;
        return _buffer.AsSpan(_start - length, length);
    }

    /// <summary>Takes at least one byte of a message, and what has come of it already; waits for no more.</summary>
    public int Take(Span<byte> to)
    {
        Need(1);
        var count = Math.Min(to.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(to);
        _start += count;
        return count;
    }

    /// <summary>Whether the header of the next message is here, so that looking at it does not wait.</summary>
    public bool HasNext => _end - _start >= Header;

    private void Need(int bytes)
    {
        if (_end - _start >= bytes) return;
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (bytes > _buffer.Length) Array.Resize(ref _buffer, bytes);
        while (_end < bytes)
        {
            var got = socket.Receive(_buffer, _end, _buffer.Length - _end, SocketFlags.None, out var error);
            // The clock of a gathering socket: nothing has come yet, see PlainSession.
            if (Waits && (error is SocketError.TimedOut or SocketError.WouldBlock)) continue;
            if (error != SocketError.Success) throw new SocketException((int)error);
            if (got == 0) throw new IOException("The server has closed the connection.");
            _end += got;
        }
    }
}
