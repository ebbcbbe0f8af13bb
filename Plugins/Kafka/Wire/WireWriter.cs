using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>Writes the fields of a request: big-endian, texts with their length.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public WireWriter Int8(sbyte value)
    {
        _bytes.GetSpan(1)[0] = (byte)value;
        _bytes.Advance(1);
        return this;
    }

    public WireWriter Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_bytes.GetSpan(2), value);
        _bytes.Advance(2);
        return this;
    }

    public WireWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public WireWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public WireWriter Text(string? value)
    {
        if (value is null) return Int16(-1);
        Int16(checked((short)Encoding.UTF8.GetByteCount(value)));
        Encoding.UTF8.GetBytes(value, _bytes);
        return this;
    }

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        _bytes.Write(value);
        return this;
    }

    public WireWriter List<T>(IReadOnlyCollection<T>? items, Action<WireWriter, T> each)
    {
        Int32(items?.Count ?? -1);
        foreach (var item in items ?? []) each(this, item);
        return this;
    }
}
