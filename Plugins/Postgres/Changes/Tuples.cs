using System.Buffers.Binary;
using System.Text;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>Reads the fields of one pgoutput message.</summary>
internal ref struct MessageReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public byte Byte()
    {
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public short Int16()
    {
        var value = BinaryPrimitives.ReadInt16BigEndian(_rest);
        _rest = _rest[2..];
        return value;
    }

    public int Int32()
    {
        var value = BinaryPrimitives.ReadInt32BigEndian(_rest);
        _rest = _rest[4..];
        return value;
    }

    public ulong UInt64()
    {
        var value = BinaryPrimitives.ReadUInt64BigEndian(_rest);
        _rest = _rest[8..];
        return value;
    }

    public string Text()
    {
        var end = _rest.IndexOf((byte)0);
        var value = Encoding.UTF8.GetString(_rest[..end]);
        _rest = _rest[(end + 1)..];
        return value;
    }

    public ReadOnlySpan<byte> Bytes(int count)
    {
        var value = _rest[..count];
        _rest = _rest[count..];
        return value;
    }

    /// <summary>Fills in where each field of a row lies in the message.</summary>
    public void Tuple(ReadOnlySpan<byte> whole, TupleFields fields)
    {
        var count = Int16();
        fields.Clear(count);
        for (var i = 0; i < count; i++)
        {
            var kind = Byte();
            if (kind is (byte)'n' or (byte)'u')
            {
                fields.Set(i, kind, 0, 0);
                continue;
            }
            var length = Int32();
            fields.Set(i, kind, whole.Length - _rest.Length, length);
            _rest = _rest[length..];
        }
    }
}

/// <summary>Where the fields of a row lie in a message; used again for each row.</summary>
internal sealed class TupleFields
{
    private byte[] _kinds = [];
    private (int Start, int Length)[] _places = [];

    public int Count { get; private set; }

    public void Clear(int count)
    {
        if (_kinds.Length < count) (_kinds, _places) = (new byte[count], new (int, int)[count]);
        Count = count;
    }

    public void Set(int index, byte kind, int start, int length) => (_kinds[index], _places[index]) = (kind, (start, length));

    public bool IsNull(int index) => index >= Count || _kinds[index] == 'n';

    /// <summary>A long value that the change left as it was: the server does not send it again.</summary>
    public bool IsUnchanged(int index) => index < Count && _kinds[index] == 'u';

    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> message, int index) => message.Slice(_places[index].Start, _places[index].Length);
}
