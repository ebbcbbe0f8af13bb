using System.Buffers.Binary;
using System.Numerics;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>
/// A numeric on the wire: count, weight, sign and scale as 16-bit numbers, then digits to the base 10,000, the first of which counts 10,000^weight; zeros at either end are not written.
/// </summary>
internal static class NumericWire
{
    private const int MostDigits = 20, Header = 8;
    private static readonly int[] Small = [1, 10, 100, 1_000, 10_000];

    /// <param name="scale">Digits behind the point, 0 to 38.</param>
    public static void Write(CopyRows to, Int128 value, int scale)
    {
        Span<short> digits = stackalloc short[MostDigits];
        var at = MostDigits;
        var left = (UInt128)(value < 0 ? -value : value);
        // Groups of four digits from the last to the first; the last one behind the point may be cut short by the scale.
        var (behind, odd) = ((scale + 3) / 4, scale % 4);
        if (odd > 0)
        {
            digits[--at] = (short)((int)(left % (UInt128)Small[odd]) * Small[4 - odd]);
            left /= (UInt128)Small[odd];
        }
        while (left > ulong.MaxValue)
        {
            digits[--at] = (short)(left % 10_000);
            left /= 10_000;
        }
        for (var small = (ulong)left; small > 0; small /= 10_000) digits[--at] = (short)(small % 10_000);

        var weight = MostDigits - at - behind - 1;
        var end = MostDigits;
        while (end > at && digits[end - 1] == 0) end--;
        while (at < end && digits[at] == 0) (at, weight) = (at + 1, weight - 1);
        if (at == end) weight = 0;

        var field = to.Field(Header + 2 * (end - at));
        BinaryPrimitives.WriteInt16BigEndian(field, (short)(end - at));
        BinaryPrimitives.WriteInt16BigEndian(field[2..], (short)weight);
        BinaryPrimitives.WriteUInt16BigEndian(field[4..], value < 0 ? (ushort)0x4000 : (ushort)0);
        BinaryPrimitives.WriteInt16BigEndian(field[6..], (short)scale);
        for (var i = at; i < end; i++) BinaryPrimitives.WriteInt16BigEndian(field[(Header + 2 * (i - at))..], digits[i]);
    }
}

internal sealed class DecimalEncoder(int scale) : FieldEncoder<Decimal128Array>
{
    protected override void WriteValue(CopyRows to, int row) => NumericWire.Write(to, Array.Values[row], scale);
}

/// <summary>Integers as numeric.</summary>
internal sealed class WholeNumericEncoder<T> : FieldEncoder<PrimitiveArray<T>> where T : unmanaged, IBinaryInteger<T>
{
    protected override void WriteValue(CopyRows to, int row) => NumericWire.Write(to, Int128.CreateTruncating(Array.Values[row]), 0);
}
