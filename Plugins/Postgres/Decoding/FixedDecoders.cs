using System.Buffers.Binary;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

internal readonly struct Int16Form : IWireForm<short>
{
    public static short Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt16BigEndian(value);
}

internal readonly struct Int32Form : IWireForm<int>
{
    public static int Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt32BigEndian(value);
}

internal readonly struct Int64Form : IWireForm<long>
{
    public static long Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadInt64BigEndian(value);
}

/// <summary>Object ids: 32 bits without sign.</summary>
internal readonly struct OidForm : IWireForm<long>
{
    public static long Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadUInt32BigEndian(value);
}

internal readonly struct SingleForm : IWireForm<float>
{
    public static float Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadSingleBigEndian(value);
}

internal readonly struct DoubleForm : IWireForm<double>
{
    public static double Read(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadDoubleBigEndian(value);
}

internal sealed class BooleanDecoder(BooleanArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(value[0] != 0);
}

internal sealed class UuidDecoder(UuidArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(value);
}
