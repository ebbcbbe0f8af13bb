using System.Globalization;
using System.Numerics;

namespace FlowForge.Ingest.Types;

/// <param name="type">The column's type.</param>
/// <param name="strict">Refuse what only a declared column should read as a number: leading zeros and plus signs.</param>
/// <param name="least">Smallest value.</param>
/// <param name="most">Largest value.</param>
internal sealed class IntegerWriter<T>(ColumnType type, bool strict, long least, long most) : FixedWriter<T>(type) where T : unmanaged, IBinaryInteger<T>
{
    private ulong _largest;
    private bool _any;

    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        // Most integers are a few digits and nothing else.
        if (text.Length is > 0 and <= 18 && (uint)(text[0] - '1') <= 8)
        {
            ulong plain = 0;
            foreach (var c in text)
            {
                if ((uint)(c - '0') > 9) return TryAppendAny(text);
                plain = plain * 10 + (uint)(c - '0');
            }
            if (plain > (ulong)most) return false;
            _any = true;
            if (plain > _largest) _largest = plain;
            return Add(T.CreateTruncating(plain));
        }
        return TryAppendAny(text);
    }

    private bool TryAppendAny(ReadOnlySpan<byte> text)
    {
        text = ColumnFacts.Trim(text);
        if (!NumberText.TryParse(text, out var number) || (strict && (number.HasLeadingZeros || number.HasPlus || !number.IsInteger || number is { Negative: true, Digits: 0 }))) return false;
        if (!number.TryToInt64(text, out var value) || value < least || value > most) return false;
        _any = true;
        if (number.Mantissa > _largest) _largest = number.Mantissa;
        return Add(T.CreateTruncating(value));
    }

    public override void AddFacts(ColumnFacts facts)
    {
        if (_any) facts.ObserveNumber(System.Text.Encoding.ASCII.GetBytes(_largest.ToString(CultureInfo.InvariantCulture)));
    }
}

/// <summary>In strict form a number must survive as a double: no digit is lost, no big id is bent.</summary>
internal sealed class DoubleWriter(ColumnType type, bool strict) : FixedWriter<double>(type)
{
    private int _integerDigits, _scale;
    private bool _any, _fraction, _exponent;

    public override void AddFacts(ColumnFacts facts)
    {
        facts.HasNumber |= _any;
        facts.HasFraction |= _fraction;
        facts.HasExponent |= _exponent;
        facts.IntegerDigits = Math.Max(facts.IntegerDigits, _integerDigits);
        facts.Scale = Math.Max(facts.Scale, _scale);
    }

    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        text = ColumnFacts.Trim(text);
        if (!NumberText.TryParse(text, out var number))
            return !strict && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var special) && Add(special);
        if (strict && (number.HasLeadingZeros || number.HasPlus)) return false;
        if (strict && (number.IsInteger ? number.Digits > 19 || number.Mantissa > 1UL << 53 : !number.IsSafeAsDouble(text))) return false;
        if (!number.TryToDouble(text, out var value)) return false;
        _any = true;
        _fraction |= number.HasPoint;
        _exponent |= number.HasExponent;
        if (number.IntegerDigits > _integerDigits) _integerDigits = number.IntegerDigits;
        if (number.Scale > _scale) _scale = number.Scale;
        return Add(value);
    }
}

internal sealed class FloatWriter(ColumnType type) : FixedWriter<float>(type)
{
    public override bool TryAppend(ReadOnlySpan<byte> text) =>
        float.TryParse(ColumnFacts.Trim(text), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && (float.IsFinite(value) || !NumberText.TryParse(ColumnFacts.Trim(text), out _)) && Add(value);
}

internal sealed class DecimalWriter(ColumnType type, bool strict) : FixedWriter<Int128>(type)
{
    private readonly Int128 _limit = PowerOfTen(type.Precision);
    private bool _any;

    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        text = ColumnFacts.Trim(text);
        return NumberText.TryParse(text, out var number) && !(strict && (number.HasLeadingZeros || number.HasPlus))
            && number.TryToDecimal(text, Type.Scale, out var value) && value < _limit && value > -_limit && (_any = true) && Add(value);
    }

    public override void AddFacts(ColumnFacts facts)
    {
        if (!_any) return;
        facts.HasNumber = facts.HasBigInteger = true;
        facts.HasFraction |= Type.Scale > 0;
        facts.Scale = Math.Max(facts.Scale, Type.Scale);
        facts.IntegerDigits = Math.Max(facts.IntegerDigits, Type.Precision - Type.Scale);
        facts.BeyondInt64 |= Type.Scale == 0;
    }

    private static Int128 PowerOfTen(int exponent)
    {
        Int128 power = 1;
        for (var i = 0; i < exponent; i++) power *= 10;
        return power;
    }
}

internal sealed class BooleanWriter(ColumnType type, bool strict) : ColumnWriter(type)
{
    private byte[] _bits = new byte[128];
    private bool _any;

    public override void AddFacts(ColumnFacts facts) => facts.HasBoolean |= _any;

    public override bool TryAppend(ReadOnlySpan<byte> text)
    {
        text = ColumnFacts.Trim(text);
        if (!(strict ? BooleanText.TryParseWord(text, out var value) : BooleanText.TryParse(text, out value))) return false;
        Reserve();
        if (value) Columnar.Bits.Set(_bits, Length);
        else Columnar.Bits.Clear(_bits, Length);
        Added();
        return _any = true;
    }

    protected override void Reserve()
    {
        if (Length >> 3 >= _bits.Length) Array.Resize(ref _bits, _bits.Length * 2);
    }

    protected override Columnar.ArrowBuffer[] TakeBuffers() => [new Columnar.ArrowBuffer(_bits.AsSpan(0, Columnar.Bits.BytesFor(Length)).ToArray())];
}
