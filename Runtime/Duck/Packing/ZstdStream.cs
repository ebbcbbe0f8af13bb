using System.Runtime.InteropServices;

namespace FlowForge.Duck.Packing;

/// <summary>
/// Unpacks zstd, frame after frame, as it is read. Owns the packed stream. One thread at a time. The platform has no zstd, so that of libduckdb does it, or the system's.
/// </summary>
/// <exception cref="InvalidDataException">From reading: the data is damaged.</exception>
/// <exception cref="EndOfStreamException">From reading: the data ends within a frame.</exception>
public sealed class ZstdStream : Stream
{
    private readonly Stream _packed;
    private readonly byte[] _input = new byte[1 << 17];
    private nint _context;
    private int _from, _to;
    private bool _ended, _inFrame, _pending;

    /// <param name="packed">Read from where it stands.</param>
    /// <exception cref="PlatformNotSupportedException">There is no zstd on this machine; the message says what to install.</exception>
    public ZstdStream(Stream packed)
    {
        _packed = packed;
        if (!ZstdLibrary.IsAvailable) throw new PlatformNotSupportedException(ZstdLibrary.Missing);
        _context = ZstdLibrary.Create();
        if (_context == 0) throw new InsufficientMemoryException("No memory for a zstd decoder.");
    }

    /// <summary>Whether zstd can be unpacked on this machine.</summary>
    public static bool IsSupported => ZstdLibrary.IsAvailable;

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        while (buffer.Length > 0)
        {
            if (_from == _to && !_ended && !_pending)
            {
                (_from, _to) = (0, _packed.Read(_input));
                _ended = _to == 0;
            }
            if (_ended && _from == _to && !_pending)
            {
                if (_inFrame) throw new EndOfStreamException("The data ends within a frame.");
                return 0;
            }
            var written = Step(buffer);
            if (written > 0) return written;
        }
        return 0;
    }

    private unsafe int Step(Span<byte> buffer)
    {
        fixed (byte* output = buffer)
        fixed (byte* input = _input)
        {
            var source = new ZstdLibrary.Buffer { Data = input, Size = (nuint)_to, Position = (nuint)_from };
            var target = new ZstdLibrary.Buffer { Data = output, Size = (nuint)buffer.Length };
            var left = ZstdLibrary.Decompress(_context, ref target, ref source);
            if (ZstdLibrary.ErrorOf(left) is { } error) throw new InvalidDataException(error);
            _from = (int)source.Position;
            _inFrame = left != 0;
            // A full buffer may hide that the decoder holds more.
            _pending = target.Position == target.Size && left != 0;
            if (_pending && _ended && target.Position == 0) throw new EndOfStreamException("The data ends within a frame.");
            return (int)target.Position;
        }
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

    protected override void Dispose(bool disposing)
    {
        if (_context != 0) ZstdLibrary.Free(_context);
        _context = 0;
        if (disposing) _packed.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The native memory is not the collector's business.</summary>
    ~ZstdStream() => Dispose(false);
}
