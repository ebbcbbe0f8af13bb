using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>
/// Copies one column out of DuckDB's vectors into managed Arrow buffers, chunk after chunk, until <see cref="Finish"/> hands
/// them over. Managed, so that a forgotten batch leaks nothing and a span never outlives its memory.
/// </summary>
internal abstract unsafe class ColumnSink
{
    protected ColumnSink(IArrowType type) => Type = type;

    public IArrowType Type { get; }
    public int Count { get; private set; }

    /// <summary>Bytes collected, roughly; decides when a batch is full.</summary>
    public abstract long Bytes { get; }

    private ValiditySink _validity;

    public void Append(nint vector, int start, int count)
    {
        if (count == 0) return;
        var validity = Api.VectorValidity(vector);
        Copy(vector, validity, start, count);
        _validity.Append(validity, start, count);
        Count = checked(Count + count);
    }

    public ArrayData Finish()
    {
        var count = Count;
        Count = 0;
        return Build(count, _validity.Finish());
    }

    protected abstract void Copy(nint vector, ulong* validity, int start, int count);
    protected abstract ArrayData Build(int count, ArrowBuffer validity);

    protected static bool IsValid(ulong* validity, int row) => validity == null || (validity[row >> 6] & (1UL << (row & 63))) != 0;
}
