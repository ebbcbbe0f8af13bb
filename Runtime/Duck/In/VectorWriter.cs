using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Copies values of an array into a DuckDB vector. Holds scratch: one writer serves one thread.</summary>
internal abstract unsafe class VectorWriter
{
    /// <param name="array">Where from.</param>
    /// <param name="start">First value.</param>
    /// <param name="count">Values; the vector has room for at + count.</param>
    /// <param name="vector">Where to.</param>
    /// <param name="at">First row in the vector.</param>
    public void Write(IArrowArray array, int start, int count, nint vector, int at)
    {
        if (start < 0 || count < 0 || count > array.Length - start)
            throw new ArgumentOutOfRangeException(nameof(count), $"{count} values from {start} leave an array of {array.Length}.");
        if (count == 0) return;
        WriteValidity(array, start, count, vector, at);
        Copy(array, start, count, vector, at);
    }

    protected abstract void Copy(IArrowArray array, int start, int count, nint vector, int at);

    private static void WriteValidity(IArrowArray array, int start, int count, nint vector, int at)
    {
        if (array.NullCount == 0) return;
        Api.EnsureValidityWritable(vector);
        var mask = new Span<byte>(Api.VectorValidity(vector), ((at + count + 63) >> 6) * 8);
        if (array is NullArray) Bits.Fill(mask, at, count, false);
        else Bits.Copy(array.Data.Buffers[0].Span, array.Offset + start, mask, at, count);
    }
}
