using System.Numerics;

namespace FlowForge.Columnar;

/// <summary>128-bit decimals; the type gives the scale.</summary>
public sealed class Decimal128Array(ArrayData data) : PrimitiveArray<Int128>(data)
{
    private static readonly Int128 MaxCoefficient = Int128.Parse("79228162514264337593543950335", System.Globalization.CultureInfo.InvariantCulture);
    private readonly int _scale = ((Decimal128Type)data.Type).Scale;

    /// <summary>The value as decimal, or null.</summary>
    /// <exception cref="OverflowException">It has more digits than a CLR decimal holds (28); use <c>Values</c> or <see cref="GetText"/>.</exception>
    public decimal? GetDecimal(int index) => IsNull(index) ? null : ToDecimal(Values[index], _scale);

    /// <summary>The exact value as invariant text, or null.</summary>
    public string? GetText(int index) => IsNull(index) ? null : ToText(Values[index], _scale);

    /// <summary>decimal when it fits, else <see cref="BigInteger"/> (scale 0) or exact text.</summary>
    protected override object? Box(int index)
    {
        var value = Values[index];
        if (TryToDecimal(value, _scale, out var result)) return result;
        return _scale == 0 ? (BigInteger)value : ToText(value, _scale);
    }

    public static decimal ToDecimal(Int128 value, int scale) =>
        TryToDecimal(value, scale, out var result) ? result : throw new OverflowException($"{ToText(value, scale)} has more digits than a CLR decimal holds.");

    public static bool TryToDecimal(Int128 value, int scale, out decimal result)
    {
        result = 0;
        for (; scale < 0; scale++)
        {
            if (Int128.Abs(value) > MaxCoefficient) return false;
            value *= 10;
        }
        // Trailing zeros of the fraction carry nothing: without them more values fit.
        while (scale > 0 && (scale > 28 || Int128.Abs(value) > MaxCoefficient) && value % 10 == 0)
        {
            value /= 10;
            scale--;
        }
        if (scale > 28 || value == Int128.MinValue) return false;
        var magnitude = Int128.Abs(value);
        if (magnitude > MaxCoefficient) return false;
        var low = (ulong)(magnitude & ulong.MaxValue);
        var high = (uint)(magnitude >> 64);
        result = new decimal((int)(uint)low, (int)(uint)(low >> 32), (int)high, value < 0, (byte)scale);
        return true;
    }

    public static string ToText(Int128 value, int scale)
    {
        var digits = value.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (scale <= 0) return value == 0 ? "0" : digits + new string('0', -scale);
        var negative = digits[0] == '-';
        if (negative) digits = digits[1..];
        digits = digits.PadLeft(scale + 1, '0');
        return $"{(negative ? "-" : "")}{digits[..^scale]}.{digits[^scale..]}";
    }

    public sealed class Builder(Decimal128Type type) : Decimal128Builder(type);
}
