using System.Runtime.InteropServices;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Decimals, narrowed to DuckDB's 16, 32, 64 or 128 bits; a value with more digits than the type is refused, since DuckDB trusts the width.</summary>
internal sealed unsafe class DecimalWriter<T>(Decimal128Type type) : VectorWriter where T : unmanaged
{
    private readonly Int128 _limit = Limit(type.Precision);

    protected override void Copy(IArrowArray array, int start, int count, nint vector, int at)
    {
        var from = MemoryMarshal.Cast<byte, Int128>(array.Data.Buffers[1].Span).Slice(array.Offset + start, count);
        var to = (T*)Api.VectorData(vector) + at;
        var nulls = array.NullCount > 0;
        for (var i = 0; i < from.Length; i++)
        {
            var value = from[i];
            // One comparison for both ends.
            if ((UInt128)(value + _limit - 1) > (UInt128)(2 * (_limit - 1)))
            {
                if (!nulls || array.IsValid(start + i))
                    throw new OverflowException($"{Decimal128Array.ToText(value, type.Scale)} has more digits than {type.Name}.");
                value = 0;
            }
            if (typeof(T) == typeof(Int128)) *(Int128*)(to + i) = value;
            else if (typeof(T) == typeof(long)) *(long*)(to + i) = (long)value;
            else if (typeof(T) == typeof(int)) *(int*)(to + i) = (int)value;
            else *(short*)(to + i) = (short)value;
        }
    }

    private static Int128 Limit(int precision)
    {
        Int128 limit = 1;
        for (var i = 0; i < precision; i++) limit *= 10;
        return limit;
    }
}
