namespace FlowForge.Columnar;

/// <summary>Booleans, a bit each.</summary>
public sealed class BooleanArray(ArrayData data) : ArrowArray(data)
{
    /// <summary>The value, or null.</summary>
    public bool? GetValue(int index) => IsNull(index) ? null : Bits.Get(ValueBits, Offset + index);

    /// <summary>The values as bits, the first at bit <see cref="ArrowArray.Offset"/>.</summary>
    public ReadOnlySpan<byte> ValueBits => Data.Buffers[1].Span;

    protected override object? Box(int index) => Bits.Get(ValueBits, Offset + index);

    public sealed class Builder() : BooleanBuilder;
}

/// <summary>A column of nulls.</summary>
public sealed class NullArray(ArrayData data) : ArrowArray(data)
{
    public NullArray(int length) : this(new ArrayData(NullType.Default, length, length, 0, [])) { }

    public override bool IsNull(int index)
    {
        CheckIndex(index);
        _ = Data;
        return true;
    }

    protected override object? Box(int index) => null;
}
