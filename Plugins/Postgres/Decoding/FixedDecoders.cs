using System.Buffers.Binary;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

internal sealed class BooleanDecoder(BooleanArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(value[0] != 0);
}

internal sealed class Int16Decoder(Int16Array.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(BinaryPrimitives.ReadInt16BigEndian(value));
}

internal sealed class Int32Decoder(Int32Array.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(BinaryPrimitives.ReadInt32BigEndian(value));
}

internal sealed class Int64Decoder(Int64Array.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(BinaryPrimitives.ReadInt64BigEndian(value));
}

/// <summary>Object ids: 32 bits without sign.</summary>
internal sealed class OidDecoder(Int64Array.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(BinaryPrimitives.ReadUInt32BigEndian(value));
}

internal sealed class SingleDecoder(FloatArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(BinaryPrimitives.ReadSingleBigEndian(value));
}

internal sealed class DoubleDecoder(DoubleArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(BinaryPrimitives.ReadDoubleBigEndian(value));
}

internal sealed class UuidDecoder(UuidArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(value);
}
