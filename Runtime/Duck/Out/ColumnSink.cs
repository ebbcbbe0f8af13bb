using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>
/// Copies one column out of DuckDB's vectors into managed Arrow buffers, chunk after chunk, until <see cref="Finish"/> hands
/// them over. Managed, so that nothing can point at memory that DuckDB has freed.
/// </summary>
internal abstract unsafe class ColumnSink(IArrowType type, BufferPool pool)
{
    private ValiditySink _validity;

    public IArrowType Type { get; } = type;
    public int Count { get; private set; }

    /// <summary>Bytes collected, roughly; decides when a batch is full.</summary>
    public abstract long Bytes { get; }

    protected BufferPool Pool { get; } = pool;

    public void Append(nint vector, int start, int count)
    {
        if (count == 0) return;
        var validity = Api.VectorValidity(vector);
        Copy(vector, validity, start, count);
        _validity.Append(validity, start, count);
        Count = checked(Count + count);
    }

    /// <param name="owner">Takes the buffers; every array made holds it.</param>
    public ArrayData Finish(PooledMemory owner)
    {
        var count = Count;
        Count = 0;
        return Build(count, _validity.Finish(), owner);
    }

    protected abstract void Copy(nint vector, ulong* validity, int start, int count);
    protected abstract ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner);

    protected static bool IsValid(ulong* validity, int row) => validity == null || (validity[row >> 6] & (1UL << (row & 63))) != 0;

    /// <summary>A buffer of at least <paramref name="needed"/> bytes that begins with the <paramref name="used"/> bytes of the old one.</summary>
    protected byte[] Grow(byte[] buffer, int used, long needed)
    {
        var grown = Pool.Rent(Math.Max(needed, Math.Min(Array.MaxLength, buffer.Length * 2L)));
        buffer.AsSpan(0, used).CopyTo(grown);
        Pool.Return(buffer);
        return grown;
    }
}
