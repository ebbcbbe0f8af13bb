namespace FlowForge.Plugins.Formats.FixedWidth;

/// <summary>The lines of a stream as bytes, ended by LF, CR LF or CR; or records of one length. A byte order mark of UTF-8 is passed over.</summary>
/// <param name="recordBytes">Bytes of a record; 0 for lines.</param>
internal sealed class ByteLines(Stream stream, int recordBytes) : IDisposable
{
    /// <summary>Bytes of a line beyond which the rest of it is dropped.</summary>
    public const int Longest = 1 << 20;

    private readonly byte[] _buffer = new byte[1 << 16];
    private byte[] _line = new byte[256];
    private int _length, _position, _filled;
    private bool _begun, _ended;

    public ReadOnlySpan<byte> Line => _line.AsSpan(0, _length);
    public bool IsTooLong { get; private set; }

    /// <summary>Whether the stream ended within a record of a given length.</summary>
    public bool IsCut => _ended && recordBytes > 0 && _length < recordBytes;

    public bool Next()
    {
        (_length, IsTooLong) = (0, false);
        while (true)
        {
            if (_position == _filled && !Fill()) return _length > 0;
            var rest = _buffer.AsSpan(_position, _filled - _position);
            if (recordBytes > 0)
            {
                var take = Math.Min(rest.Length, recordBytes - _length);
                Add(rest[..take]);
                _position += take;
                if (_length == recordBytes) return true;
                continue;
            }
            var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            Add(end < 0 ? rest : rest[..end]);
            _position += end < 0 ? rest.Length : end + 1;
            if (end < 0) continue;
            if (rest[end] == '\r' && (_position < _filled || Fill()) && _buffer[_position] == '\n') _position++;
            return true;
        }
    }

    private bool Fill()
    {
        if (_ended) return false;
        (_position, _filled) = (0, stream.Read(_buffer));
        if (!_begun && _filled > 0)
        {
            if (_filled < 3) _filled += stream.ReadAtLeast(_buffer.AsSpan(_filled), 3 - _filled, throwOnEndOfStream: false);
            if (_buffer is [0xef, 0xbb, 0xbf, ..] && _filled >= 3) _position = 3;
            _begun = true;
        }
        _ended = _filled == 0;
        return !_ended && (_position < _filled || Fill());
    }

    private void Add(ReadOnlySpan<byte> more)
    {
        if (_length + more.Length > Longest)
        {
            more = more[..(Longest - _length)];
            IsTooLong = true;
        }
        if (_length + more.Length > _line.Length) Array.Resize(ref _line, Math.Max(_line.Length * 2, _length + more.Length));
        more.CopyTo(_line.AsSpan(_length));
        _length += more.Length;
    }

    public void Dispose() => stream.Dispose();
}
