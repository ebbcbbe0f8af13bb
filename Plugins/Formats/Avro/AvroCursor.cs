using System.Buffers.Binary;
using System.Text.Unicode;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>Reads Avro's primitive values from a block. What lies outside of it is an <see cref="InvalidDataException"/>.</summary>
internal sealed class AvroCursor(ReadOnlyMemory<byte> block)
{
    /// <summary>Elements that the block's lists and maps may have together, and values of one record that take no bytes: each beyond the bytes of the block.</summary>
    private const long MostElements = 1 << 20;

    private long _elements;
    private long _elementsBefore;
    private long _nothings;

    public int Position { get; private set; }
    public int Left => block.Length - Position;
    public bool IsAtEnd => Left == 0;

    /// <summary>Whether the position is where a record begins.</summary>
    public bool IsSynchronized { get; set; } = true;

    /// <summary>What is wrong with a value of the record that was read whole all the same: what follows it stands where it should.</summary>
    public string? Fault { get; set; }

    /// <summary>Notes that a value is not what its type says; the record will not be taken.</summary>
    public void Misfit(string message) => Fault ??= message;

    public long Long()
    {
        var bytes = block.Span[Position..];
        ulong value = 0;
        for (var i = 0; i < 10; i++)
        {
            if (i == bytes.Length) throw new InvalidDataException("The block ends inside a number.");
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] >= 0x80) continue;
            Position += i + 1;
            return (long)(value >> 1) ^ -(long)(value & 1);
        }
        throw new InvalidDataException("A number has more than ten bytes.");
    }

    public int Int() => Long() is >= int.MinValue and <= int.MaxValue and var value ? (int)value : throw new InvalidDataException("An int is larger than 32 bits.");

    public bool Boolean() => Take(1)[0] switch { 0 => false, 1 => true, var b => throw new InvalidDataException($"A boolean is {b}.") };

    public float Float() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public ReadOnlySpan<byte> Bytes()
    {
        var length = Long();
        return length is >= 0 and <= int.MaxValue ? Take((int)length) : throw new InvalidDataException($"A value has {length} bytes.");
    }

    public ReadOnlySpan<byte> Text()
    {
        var bytes = Bytes();
        if (Utf8.IsValid(bytes)) return bytes;
        Misfit("The text is not valid UTF-8.");
        return [];
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > Left) throw new InvalidDataException($"A value of {count} bytes goes beyond the block.");
        var bytes = block.Span.Slice(Position, count);
        Position += count;
        return bytes;
    }

    /// <summary>Elements and values without bytes that the record has so far; they take memory, though hardly any bytes.</summary>
    public long Parts => _elements - _elementsBefore + _nothings;

    public void BeginRecord() => (_elementsBefore, _nothings) = (_elements, 0);

    /// <summary>Notes a value that takes no bytes.</summary>
    public void Nothing()
    {
        if (++_nothings > MostElements + block.Length) throw new InvalidDataException("The record has more values without bytes than it can hold.");
    }

    /// <summary>The number of elements that follow; 0 at the end of a list or map.</summary>
    public long Elements()
    {
        var count = Long();
        if (count < 0)
        {
            count = count == long.MinValue ? throw new InvalidDataException("A list has no sensible length.") : -count;
            Long();
        }
        if (count > MostElements + block.Length - _elements) throw new InvalidDataException("The lists of the block have more elements than it can hold.");
        _elements += count;
        return count;
    }
}
