using System.Buffers.Binary;
using System.Text;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Decoding;

/// <summary>
/// A numeric on the wire: count, weight, sign and scale as 16-bit numbers, then digits to the base 10,000, the first of which counts
/// 10,000^weight.
/// </summary>
internal readonly ref struct Numeric
{
    private const ushort Negative = 0x4000, NotANumber = 0xC000, PositiveInfinity = 0xD000, NegativeInfinity = 0xF000;
    private readonly ReadOnlySpan<byte> _digits;
    private readonly ushort _sign;

    public Numeric(ReadOnlySpan<byte> value)
    {
        Count = BinaryPrimitives.ReadInt16BigEndian(value);
        Weight = BinaryPrimitives.ReadInt16BigEndian(value[2..]);
        _sign = BinaryPrimitives.ReadUInt16BigEndian(value[4..]);
        Scale = BinaryPrimitives.ReadInt16BigEndian(value[6..]);
        _digits = value[8..];
    }

    public int Count { get; }
    public int Weight { get; }
    public int Scale { get; }
    public bool IsNegative => _sign == Negative;
    public string? Special => _sign switch { NotANumber => "NaN", PositiveInfinity => "Infinity", NegativeInfinity => "-Infinity", _ => null };
    public int Digit(int index) => (uint)index < (uint)Count ? BinaryPrimitives.ReadInt16BigEndian(_digits[(index * 2)..]) : 0;

    /// <summary>As PostgreSQL itself writes it.</summary>
    public override string ToString()
    {
        if (Special is { } special) return special;
        var text = new StringBuilder();
        if (IsNegative) text.Append('-');
        if (Weight < 0) text.Append('0');
        else
        {
            text.Append(Digit(0));
            for (var i = 1; i <= Weight; i++) text.Append(Digit(i).ToString("D4", System.Globalization.CultureInfo.InvariantCulture));
        }
        if (Scale <= 0) return text.ToString();
        text.Append('.');
        var end = text.Length + Scale;
        for (var i = Weight + 1; text.Length < end; i++) text.Append((i < 0 ? 0 : Digit(i)).ToString("D4", System.Globalization.CultureInfo.InvariantCulture));
        text.Length = end;
        return text.ToString();
    }
}

/// <summary>Numerics with declared precision and scale.</summary>
internal sealed class DecimalDecoder(Decimal128Array.Builder builder, int scale) : ColumnDecoder(builder)
{
    private static readonly Int128[] Powers = [.. Enumerable.Range(0, 39).Select(i => Int128.Parse("1" + new string('0', i), System.Globalization.CultureInfo.InvariantCulture))];
    private static readonly long[] Longs = [.. Powers.Take(19).Select(p => (long)p)];
    private static readonly int[] Small = [1, 10, 100, 1_000, 10_000];

    public override void Add(ReadOnlySpan<byte> value)
    {
        var numeric = new Numeric(value);
        if (numeric.Special is { } special) throw new UnfitValueException($"{special}, which decimals do not have", "Set numeric: text, or leave the rows out with a query.");
        // The last digit may reach beyond the scale (0.5 is one digit, 5000): with it whole, 38 digits could become 41.
        var beyond = -(4 * (numeric.Weight - numeric.Count + 1) + scale);
        var whole = beyond > 0 ? numeric.Count - 1 : numeric.Count;
        // Up to 18 digits are counted in 64 bits: most numbers have no more.
        long head = 0;
        var i = 0;
        for (; i < Math.Min(whole, 4); i++) head = head * 10_000 + numeric.Digit(i);
        var shift = beyond > 0 ? Math.Max(4 - beyond, 0) : -beyond;
        if (whole <= 4 && 4 * whole + shift <= 18)
        {
            head = head * Longs[shift] + (beyond > 0 ? numeric.Digit(whole) / Small[Math.Min(beyond, 4)] : 0);
            builder.Append((Int128)(numeric.IsNegative ? -head : head));
            return;
        }
        Int128 unscaled = head;
        for (; i < whole; i++) unscaled = unscaled * 10_000 + numeric.Digit(i);
        if (beyond > 0) unscaled = unscaled * Powers[shift] + numeric.Digit(whole) / Small[Math.Min(beyond, 4)];
        else if (beyond < 0) unscaled *= Powers[Math.Min(shift, 38)];
        builder.Append(numeric.IsNegative ? -unscaled : unscaled);
    }
}

/// <summary>Numerics without bounds, exactly, as text.</summary>
internal sealed class NumericTextDecoder(StringArray.Builder builder) : ColumnDecoder(builder)
{
    public override void Add(ReadOnlySpan<byte> value) => builder.Append(new Numeric(value).ToString());
}
