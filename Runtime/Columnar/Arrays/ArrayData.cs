namespace FlowForge.Columnar;

/// <summary>
/// The physical parts of an array: buffers, children, offset. Immutable; holds no reference on native memory itself, the
/// arrays made from it do.
/// </summary>
public sealed class ArrayData
{
    private int _nullCount;

    /// <param name="type">Logical type; decides the layout.</param>
    /// <param name="length">Number of values.</param>
    /// <param name="nullCount">Number of nulls, or -1 to count them when first asked.</param>
    /// <param name="offset">First value inside the buffers.</param>
    /// <param name="buffers">Validity bitmap first (empty: no nulls), then the layout's own.</param>
    /// <param name="children">Child arrays of nested types.</param>
    /// <param name="dictionary">The values of a dictionary type.</param>
    /// <param name="owner">Keeper of native memory, null for managed memory.</param>
    public ArrayData(IArrowType type, int length, int nullCount, int offset, ArrowBuffer[] buffers,
        ArrayData[]? children = null, ArrayData? dictionary = null, SharedMemory? owner = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if ((long)length + offset > int.MaxValue) throw new ArgumentOutOfRangeException(nameof(length), "An array has at most 2^31 - 1 values.");
        Type = type;
        Length = length;
        Offset = offset;
        Buffers = buffers;
        Children = children ?? [];
        Dictionary = dictionary;
        Owner = owner;
        _nullCount = type.TypeId == ArrowTypeId.Null ? length : buffers.Length == 0 || buffers[0].IsEmpty ? 0 : nullCount;
    }

    public IArrowType Type { get; }
    public int Length { get; }
    public int Offset { get; }
    public ArrowBuffer[] Buffers { get; }
    public ArrayData[] Children { get; }
    public ArrayData? Dictionary { get; }
    public SharedMemory? Owner { get; }

    public int NullCount
    {
        get
        {
            if (_nullCount < 0) _nullCount = Length - Bits.Count(Buffers[0].Span, Offset, Length);
            return _nullCount;
        }
    }

    /// <summary>The same memory seen through a window.</summary>
    public ArrayData Slice(int offset, int length)
    {
        if (offset < 0 || length < 0 || (long)offset + length > Length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"A slice of {length} values from {offset} leaves an array of {Length}.");
        return new ArrayData(Type, length, _nullCount == 0 ? 0 : -1, Offset + offset, Buffers, Children, Dictionary, Owner);
    }

    internal ArrayData WithType(IArrowType type) => new(type, Length, _nullCount, Offset, Buffers, Children, Dictionary, Owner);
}
