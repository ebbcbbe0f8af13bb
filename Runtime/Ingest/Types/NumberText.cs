using System.Globalization;
using System.Runtime.CompilerServices;

namespace FlowForge.Ingest.Types;

/// <summary>A decimal number as it is written, without rounding. Reads ASCII bytes; no culture, no white space.</summary>
internal struct NumberText
{
    private static readonly double[] PowersOfTen = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>The first 19 significant digits as a number.</summary>
    public ulong Mantissa;
    /// <summary>Significant digits: from the first that is not zero to the last written.</summary>
    public int Digits;
    /// <summary>Digits before the point without leading zeros.</summary>
    public int IntegerDigits;
    /// <summary>Digits after the point as written.</summary>
    public int Scale;
    public int Exponent;
    public bool Negative, HasPoint, HasExponent, HasPlus;
    /// <summary>Zeros before other digits, as in 007: likely a code, not a number.</summary>
    public bool HasLeadingZeros;

    public readonly bool IsInteger => !HasPoint && !HasExponent;

    public static bool TryParse(ReadOnlySpan<byte> text, out NumberText number)
    {
        number = default;
        var i = 0;
        if (text.Length == 0) return false;
        if (text[0] == '-') { number.Negative = true; i = 1; }
        else if (text[0] == '+') { number.HasPlus = true; i = 1; }
        var first = i;
        ulong mantissa = 0;
        var digits = 0;
        for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++)
        {
            if (digits == 0 && text[i] == '0') continue;
            if (digits++ < 19) mantissa = mantissa * 10 + (uint)(text[i] - '0');
        }
        var whole = i - first;
        number.IntegerDigits = digits;
        number.HasLeadingZeros = whole > 1 && text[first] == '0';
        if (i < text.Length && text[i] == '.')
        {
            number.HasPoint = true;
            var point = ++i;
            for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++)
            {
                if (digits == 0 && text[i] == '0') continue;
                if (digits++ < 19) mantissa = mantissa * 10 + (uint)(text[i] - '0');
            }
            number.Scale = i - point;
        }
        if (whole + number.Scale == 0) return false;
        number.Mantissa = mantissa;
        number.Digits = digits;
        return i == text.Length || TryParseExponent(text[i..], ref number);
    }

    private static bool TryParseExponent(ReadOnlySpan<byte> text, ref NumberText number)
    {
        if ((text[0] | 0x20) != 'e' || text.Length == 1) return false;
        var negative = text[1] == '-';
        var i = negative || text[1] == '+' ? 2 : 1;
        if (i == text.Length || text.Length - i > 6) return false;
        var exponent = 0;
        for (; i < text.Length; i++)
        {
            if ((uint)(text[i] - '0') > 9) return false;
            exponent = exponent * 10 + (text[i] - '0');
        }
        number.HasExponent = true;
        number.Exponent = negative ? -exponent : exponent;
        return true;
    }

    /// <summary>The value as a 64-bit integer; a fraction of zeros is none.</summary>
    public readonly bool TryToInt64(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (HasExponent) return false;
        if (!HasPoint)
        {
            if (Digits > 19 || Mantissa > (Negative ? 1UL << 63 : long.MaxValue)) return false;
            value = Negative ? unchecked(-(long)Mantissa) : (long)Mantissa;
            return true;
        }
        return TryToDecimal(text, 0, out var exact) && exact >= long.MinValue && exact <= long.MaxValue && (value = (long)exact) == exact;
    }

    /// <summary>The nearest double. False when it is beyond the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool TryToDouble(ReadOnlySpan<byte> text, out double value)
    {
        var power = Exponent - Scale;
        // Both factors are exact doubles, so one rounding gives the nearest (Clinger's fast path).
        if (Digits <= 15 && power is >= -22 and <= 22)
        {
            value = power < 0 ? Mantissa / PowersOfTen[-power] : Mantissa * PowersOfTen[power];
            if (Negative) value = -value;
            return true;
        }
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    /// <summary>Whether a double keeps every digit: printing it gives the same number back.</summary>
    public readonly bool IsSafeAsDouble(ReadOnlySpan<byte> text)
    {
        if (Digits <= 15 && Exponent - Scale is >= -290 and <= 290) return true;
        if (Digits > 17 && !HasExponent && !EndsInZeros(text)) return false;
        if (!TryToDouble(text, out var value)) return false;
        Span<byte> printed = stackalloc byte[32];
        return value.TryFormat(printed, out var length, "R", CultureInfo.InvariantCulture) && SameNumber(printed[..length], text);
    }

    /// <summary>The value times 10^scale, exactly; false when digits would be lost.</summary>
    public readonly bool TryToDecimal(ReadOnlySpan<byte> text, int scale, out Int128 value)
    {
        value = 0;
        var shift = scale - Scale + Exponent;
        if (Digits <= 18 && shift is >= 0 and <= 18)
        {
            value = (Int128)Mantissa;
        }
        else
        {
            // Digits beyond the scale must be zeros: nothing is rounded.
            var keep = Digits + Math.Min(0, shift);
            UInt128 all = 0;
            var seen = 0;
            foreach (var c in text)
            {
                if ((c | 0x20) == 'e') break;
                if ((uint)(c - '0') > 9 || (seen == 0 && c == '0')) continue;
                if (++seen > keep && c != '0') return false;
                if (seen <= keep && seen > 38) return false;
                if (seen <= keep) all = all * 10 + (uint)(c - '0');
            }
            if (all > (UInt128)Int128.MaxValue) return false;
            value = (Int128)all;
            shift = Math.Max(0, shift);
        }
        for (; shift > 0 && value != 0; shift--)
        {
            if (value > Int128.MaxValue / 10) return false;
            value *= 10;
        }
        if (Negative) value = -value;
        return true;
    }

    private static bool EndsInZeros(ReadOnlySpan<byte> text) => text[^1] == '0';

    /// <summary>Compares two numbers digit by digit, whatever their notation.</summary>
    private static bool SameNumber(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (!TryParse(a, out var left) || !TryParse(b, out var right)) return false;
        Span<byte> one = stackalloc byte[64], two = stackalloc byte[64];
        return Normal(a, left, one, out var n, out var p) && Normal(b, right, two, out var m, out var q) && p == q && one[..n].SequenceEqual(two[..m]);
    }

    // Significant digits without trailing zeros, and the power of ten of the last one.
    private static bool Normal(ReadOnlySpan<byte> text, in NumberText number, Span<byte> digits, out int length, out int power)
    {
        length = 0;
        power = number.Exponent - number.Scale;
        foreach (var c in text)
        {
            if ((c | 0x20) == 'e') break;
            if ((uint)(c - '0') > 9 || (length == 0 && c == '0')) continue;
            if (length == digits.Length) return false;
            digits[length++] = c;
        }
        while (length > 0 && digits[length - 1] == '0') (length, power) = (length - 1, power + 1);
        return true;
    }
}
