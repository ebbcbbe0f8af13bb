using System.Buffers.Binary;
using FlowForge.Plugins.Postgres.Decoding;

namespace FlowForge.Plugins.Postgres;

/// <summary>A binary COPY stream as blocks of whole rows. Synchronous: its reader has a thread of its own.</summary>
/// <param name="columns">Fields of each row.</param>
/// <param name="where">For messages.</param>
internal sealed class CopyStream(int columns, string where)
{
    private const int HeaderLength = 19, BlockBytes = 256 << 10, BlockFields = 1 << 14;
    private byte[] _buffer = new byte[BlockBytes];
    private Stream? _copy;
    private int _start, _end;
    private bool _header, _ended;

    private static ReadOnlySpan<byte> Signature => [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00];

    /// <summary>Where the fields of the last block are.</summary>
    public RowBlock Block { get; } = new(columns, Math.Max(1, BlockFields / Math.Max(1, columns)));

    /// <summary>Begins with another stream; the last one must have ended.</summary>
    public void Begin(Stream copy) => (_copy, _start, _end, _header, _ended) = (copy, 0, 0, false, false);

    /// <summary>The next rows, which hold until the next call; empty at the end of the stream.</summary>
    /// <param name="most">No more rows than this.</param>
    public ReadOnlySpan<byte> Next(int most)
    {
        while (true)
        {
            if (_header && Block.Find(_buffer.AsSpan(_start, _end - _start), most) is > 0 and var length)
            {
                _start += length;
                return _buffer.AsSpan(_start - length, length);
            }
            if (_ended) break;
            Gather();
        }
        // The trailer: a field count of -1.
        if (!_header || _end - _start != 2 || BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(_start)) != -1)
            throw new TransientException($"{where}: the stream ended in the middle of a row.");
        return default;
    }

    /// <summary>The driver gives a row a call: as many are taken as there is room for.</summary>
    private void Gather()
    {
        var rest = _end - _start;
        // A row larger than the buffer: up to PostgreSQL's own limit of 1 GB a value.
        if (rest == _buffer.Length) Array.Resize(ref _buffer, checked(_buffer.Length * 2));
        else if (_start > 0) _buffer.AsSpan(_start, rest).CopyTo(_buffer);
        (_start, _end) = (0, rest);
        while (_end < _buffer.Length && !_ended)
        {
            var got = _copy!.Read(_buffer, _end, _buffer.Length - _end);
            _end += got;
            _ended = got == 0;
        }
        if (_header || _end < HeaderLength) return;
        if (!_buffer.AsSpan(0, Signature.Length).SequenceEqual(Signature)) throw new TerminalException($"{where}: the server's answer is no binary COPY stream.");
        _start = HeaderLength + BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(15));
        _header = true;
    }
}
