using System.Buffers.Binary;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Values that Arrow and DuckDB hold alike.</summary>
internal sealed unsafe class CopyWriter(int width) : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var from = array.Data.Buffers[1].Span.Slice(checked((array.Offset + start) * width), count * width);
        from.CopyTo(new Span<byte>((byte*)Api.VectorData(vector) + (long)at * width, count * width));
    }
}

/// <summary>Values converted one by one.</summary>
internal sealed unsafe class ConvertWriter<TFrom, TTo>(Func<TFrom, TTo> convert) : VectorWriter where TFrom : unmanaged where TTo : unmanaged
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var from = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, TFrom>(array.Data.Buffers[1].Span).Slice(array.Offset + start, count);
        var to = new Span<TTo>((TTo*)Api.VectorData(vector) + at, count);
        // What lies under a null may be anything: it must not reach a conversion that can refuse it.
        if (array.NullCount == 0) for (var i = 0; i < count; i++) to[i] = convert(from[i]);
        else for (var i = 0; i < count; i++) to[i] = array.IsNull(start + i) ? default : convert(from[i]);
    }
}

/// <summary>Booleans: bits to bytes.</summary>
internal sealed unsafe class BooleanWriter : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var bits = array.Data.Buffers[1].Span;
        var to = (byte*)Api.VectorData(vector) + at;
        for (var i = 0; i < count; i++) to[i] = Bits.Get(bits, array.Offset + start + i) ? (byte)1 : (byte)0;
    }
}

/// <summary>Columns without a type: the validity says it all.</summary>
internal sealed class NullWriter : VectorWriter
{
    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at) { }
}

/// <summary>UUIDs: bytes in order to a 128-bit integer with the top bit flipped.</summary>
internal static class UuidLayout
{
    public static NativeHuge ToDuck(NativeHuge bytes) => new()
    {
        Upper = BinaryPrimitives.ReverseEndianness(bytes.Lower) ^ (1UL << 63),
        Lower = BinaryPrimitives.ReverseEndianness(bytes.Upper),
    };
}
