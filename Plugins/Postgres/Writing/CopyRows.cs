using System.Buffers.Binary;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>Rows of a binary COPY as they are made: a buffer that grows to its largest row beyond <see cref="Full"/>, and is used again.</summary>
internal sealed class CopyRows
{
    /// <summary>Bytes that are worth sending.</summary>
    public const int Full = 128 << 10;

    private byte[] _bytes = new byte[2 * Full];
    private int _end;

    /// <summary>What is there.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _end);

    public bool IsFull => _end >= Full;

    public void Clear() => _end = 0;

    public void Header()
    {
        ReadOnlySpan<byte> header = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
        header.CopyTo(Take(header.Length));
    }

    public void BeginRow(int fields) => BinaryPrimitives.WriteInt16BigEndian(Take(2), (short)fields);

    public void Trailer() => BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);

    public void Null() => BinaryPrimitives.WriteInt32BigEndian(Take(4), -1);

    /// <summary>A field of this length, to be filled before the next call.</summary>
    public Span<byte> Field(int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(Take(4), length);
        return Take(length);
    }

    public void Field(ReadOnlySpan<byte> value) => value.CopyTo(Field(value.Length));

    private Span<byte> Take(int length)
    {
        var end = checked(_end + length);
        if (end > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(end, 2L * _bytes.Length)));
        var taken = _bytes.AsSpan(_end, length);
        _end = end;
        return taken;
    }
}
