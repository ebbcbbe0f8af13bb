using System.Text;

namespace FlowForge.Columnar;

/// <summary>Byte strings of any length.</summary>
public class BinaryArray : ArrowArray
{
    public BinaryArray(ArrayData data) : base(data)
    {
        if (data.Buffers.Length != 3) throw new ArgumentException($"An array of {data.Type.Name} has three buffers, not {data.Buffers.Length}.", nameof(data));
    }

    /// <summary>Length + 1 offsets into <see cref="Bytes"/>.</summary>
    public ReadOnlySpan<int> ValueOffsets => Length == 0 && Data.Buffers[1].IsEmpty ? [0] : Data.Buffers[1].As<int>().Slice(Offset, Length + 1);

    /// <summary>The bytes of all values, also of those outside this window.</summary>
    public ReadOnlySpan<byte> Bytes => Data.Buffers[2].Span;

    /// <summary>The bytes of a value; empty for null. Valid until the array is disposed.</summary>
    public ReadOnlySpan<byte> GetBytes(int index)
    {
        CheckIndex(index);
        var offsets = Data.Buffers[1].As<int>();
        var start = offsets[Offset + index];
        return Bytes[start..offsets[Offset + index + 1]];
    }

    protected override object? Box(int index) => GetBytes(index).ToArray();

    public sealed class Builder() : BinaryBuilder(BinaryType.Default);
}

/// <summary>UTF-8 text.</summary>
public sealed class StringArray(ArrayData data) : BinaryArray(data)
{
    /// <summary>The text, or null.</summary>
    public string? GetString(int index) => IsNull(index) ? null : Encoding.UTF8.GetString(GetBytes(index));
    protected override object? Box(int index) => Encoding.UTF8.GetString(GetBytes(index));

    public new sealed class Builder() : BinaryBuilder(StringType.Default)
    {
        public void Append(string? value) => AppendText(value);
    }
}

/// <summary>Byte strings with 64-bit offsets.</summary>
public class LargeBinaryArray(ArrayData data) : ArrowArray(data)
{
    public ReadOnlySpan<byte> GetBytes(int index)
    {
        CheckIndex(index);
        var offsets = Data.Buffers[1].As<long>();
        return Data.Buffers[2].Span[checked((int)offsets[Offset + index])..checked((int)offsets[Offset + index + 1])];
    }

    protected override object? Box(int index) => GetBytes(index).ToArray();
}

/// <summary>UTF-8 text with 64-bit offsets.</summary>
public sealed class LargeStringArray(ArrayData data) : LargeBinaryArray(data)
{
    public string? GetString(int index) => IsNull(index) ? null : Encoding.UTF8.GetString(GetBytes(index));
    protected override object? Box(int index) => Encoding.UTF8.GetString(GetBytes(index));
}

/// <summary>Byte strings of one length.</summary>
public class FixedSizeBinaryArray(ArrayData data) : ArrowArray(data)
{
    private readonly int _width = ((FixedSizeBinaryType)data.Type).Width;

    /// <summary>The bytes of a value; undefined under null. Valid until the array is disposed.</summary>
    public ReadOnlySpan<byte> GetBytes(int index)
    {
        CheckIndex(index);
        return Data.Buffers[1].Span.Slice(checked((Offset + index) * _width), _width);
    }

    protected override object? Box(int index) => GetBytes(index).ToArray();

    public sealed class Builder(FixedSizeBinaryType type) : FixedSizeBinaryBuilder(type);
}

/// <summary>UUIDs.</summary>
public sealed class UuidArray(ArrayData data) : FixedSizeBinaryArray(data)
{
    public Guid? GetGuid(int index) => IsNull(index) ? null : new Guid(GetBytes(index), bigEndian: true);
    protected override object? Box(int index) => new Guid(GetBytes(index), bigEndian: true);

    public new sealed class Builder() : FixedSizeBinaryBuilder(UuidType.Default)
    {
        public void Append(Guid value)
        {
            Span<byte> bytes = stackalloc byte[16];
            value.TryWriteBytes(bytes, bigEndian: true, out _);
            Append(bytes);
        }
    }
}
