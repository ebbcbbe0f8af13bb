using System.Globalization;
using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>Builder of fixed-width values.</summary>
public abstract class PrimitiveBuilder<T> : ArrayBuilder where T : unmanaged
{
    private T[] _values = [];

    private protected PrimitiveBuilder(IArrowType type) : base(type) { }

    public void Append(T value)
    {
        Room();
        _values[Length] = value;
        Mark(true);
    }

    /// <summary>Adds many values, none of them null.</summary>
    public void Append(ReadOnlySpan<T> values) => values.CopyTo(Extend(values.Length));

    /// <summary>Adds values, none of them null, that the caller writes into the span before anything else is added; it may hold old ones.</summary>
    /// <param name="count">How many.</param>
    public Span<T> Extend(int count)
    {
        var start = Length;
        if (count > _values.Length - start) Array.Resize(ref _values, Math.Max(Math.Max(64, checked(start + count)), (int)Math.Min(_values.Length * 2L, Array.MaxLength)));
        MarkAll(count);
        return _values.AsSpan(start, count);
    }

    public override void AppendNull()
    {
        Room();
        _values[Length] = default;
        Mark(false);
    }

    private void Room()
    {
        if (Length == _values.Length) Array.Resize(ref _values, Math.Max(64, checked(_values.Length * 2)));
    }

    private protected override void AppendValue(object value) => Append((T)Coerce.To(typeof(T), Type, value));

    private protected override void Cut(int length) { }

    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity)
    {
        var values = Kept(MemoryMarshal.AsBytes(_values.AsSpan(0, length)));
        return new ArrayData(Type, length, nulls, 0, [validity, values], owner: Owner);
    }
}

/// <summary>Builder of booleans.</summary>
public abstract class BooleanBuilder : ArrayBuilder
{
    private byte[] _bits = [];

    private protected BooleanBuilder() : base(BooleanType.Default) { }

    public void Append(bool value)
    {
        Room();
        if (value) Bits.Set(_bits, Length);
        Mark(true);
    }

    public override void AppendNull()
    {
        Room();
        Mark(false);
    }

    private void Room()
    {
        if (Length >> 3 >= _bits.Length) Array.Resize(ref _bits, Math.Max(64, _bits.Length * 2));
    }

    private protected override void AppendValue(object value) => Append(value as bool? ?? throw new InvalidCastException("a bool is needed"));

    private protected override void Cut(int length) => Bits.Fill(_bits, length, Length - length, false);

    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity)
    {
        var bits = _bits;
        _bits = [];
        return new ArrayData(Type, length, nulls, 0, [validity, new ArrowBuffer(bits.AsMemory(0, Bits.BytesFor(length)))]);
    }
}

/// <summary>Builder of decimals: values are rescaled exactly or refused.</summary>
public abstract class Decimal128Builder : PrimitiveBuilder<Int128>
{
    private readonly Decimal128Type _type;
    private readonly Int128 _limit;

    private protected Decimal128Builder(Decimal128Type type) : base(type)
    {
        _type = type;
        _limit = Coerce.PowerOfTen(type.Precision);
    }

    /// <exception cref="OverflowException">More digits before or after the point than the type has.</exception>
    public void Append(decimal value)
    {
        var unscaled = Coerce.Rescale(value, _type.Scale);
        if (unscaled >= _limit || unscaled <= -_limit)
            throw new OverflowException($"{value.ToString(CultureInfo.InvariantCulture)} has more digits than {_type.Name}.");
        Append(unscaled);
    }

    private protected override void AppendValue(object value)
    {
        if (value is Int128 unscaled) Append(unscaled);
        else Append(Convert.ToDecimal(value, CultureInfo.InvariantCulture));
    }
}
