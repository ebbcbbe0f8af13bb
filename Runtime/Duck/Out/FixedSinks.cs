using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.Out;

/// <summary>Base of sinks with one buffer of fixed-width values.</summary>
internal abstract unsafe class FixedSink(IArrowType type, int width, BufferPool pool) : ColumnSink(type, pool)
{
    private byte[] _buffer = [];

    /// <summary>Size of the last full buffer: the next batch is likely to need as much.</summary>
    private int _last;

    public override long Bytes => (long)Count * width;

    /// <summary>Room for more values after those there are.</summary>
    protected Span<byte> Room(int count)
    {
        var used = Count * width;
        var needed = checked(used + count * width);
        if (needed > _buffer.Length) _buffer = Grow(_buffer, used, Math.Max(needed, _last));
        return _buffer.AsSpan(used, count * width);
    }

    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner)
    {
        var values = new ArrowBuffer(_buffer.AsMemory(0, count * width));
        owner.Add(_buffer);
        _last = count * width;
        _buffer = [];
        return new ArrayData(Type, count, -1, 0, [validity, values], owner: owner);
    }
}

/// <summary>Values that DuckDB and Arrow hold alike.</summary>
internal sealed unsafe class CopySink(IArrowType type, int width, BufferPool pool) : FixedSink(type, width, pool)
{
    private readonly int _width = width;

    protected override void Copy(nint vector, ulong* validity, int start, int count) =>
        new ReadOnlySpan<byte>((byte*)Api.VectorData(vector) + (long)start * _width, count * _width).CopyTo(Room(count));
}

/// <summary>Decimals kept in 16, 32 or 64 bits, widened to Arrow's 128.</summary>
internal sealed unsafe class DecimalSink<T>(Decimal128Type type, BufferPool pool) : FixedSink(type, 16, pool) where T : unmanaged
{
    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var from = new ReadOnlySpan<T>((T*)Api.VectorData(vector) + start, count);
        var to = MemoryMarshal.Cast<byte, long>(Room(count));
        for (var i = 0; i < from.Length; i++)
        {
            var value = typeof(T) == typeof(short) ? (short)(object)from[i] : typeof(T) == typeof(int) ? (int)(object)from[i] : (long)(object)from[i];
            to[2 * i] = value;
            to[2 * i + 1] = value >> 63;
        }
    }
}

/// <summary>Unsigned 128-bit integers as decimals; those of 2^127 and more are refused.</summary>
internal sealed unsafe class UHugeIntSink(BufferPool pool) : FixedSink(new Decimal128Type(38, 0), 16, pool)
{
    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var from = (NativeHuge*)Api.VectorData(vector) + start;
        var to = MemoryMarshal.Cast<byte, NativeHuge>(Room(count));
        for (var i = 0; i < count; i++)
        {
            if (from[i].Upper > long.MaxValue && IsValid(validity, start + i))
                throw new DuckException(DuckErrorKind.OutOfRange, "A UHUGEINT of 2^127 or more does not fit decimal128: cast the column to VARCHAR.");
            to[i] = from[i];
        }
    }
}

/// <summary>UUIDs: DuckDB keeps a 128-bit integer with the top bit flipped, Arrow the 16 bytes in order.</summary>
internal sealed unsafe class UuidSink(BufferPool pool) : FixedSink(UuidType.Default, 16, pool)
{
    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var from = (NativeHuge*)Api.VectorData(vector) + start;
        var to = MemoryMarshal.Cast<byte, ulong>(Room(count));
        for (var i = 0; i < count; i++)
        {
            to[2 * i] = BinaryPrimitives.ReverseEndianness(from[i].Upper ^ (1UL << 63));
            to[2 * i + 1] = BinaryPrimitives.ReverseEndianness(from[i].Lower);
        }
    }
}

/// <summary>Intervals: microseconds become nanoseconds.</summary>
internal sealed unsafe class IntervalSink(BufferPool pool) : FixedSink(new IntervalType(IntervalUnit.MonthDayNanosecond), 16, pool)
{
    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var from = (NativeInterval*)Api.VectorData(vector) + start;
        var to = MemoryMarshal.Cast<byte, CalendarInterval>(Room(count));
        for (var i = 0; i < count; i++)
        {
            if (!IsValid(validity, start + i))
            {
                to[i] = default;
                continue;
            }
            var micros = from[i].Micros;
            if (micros is > long.MaxValue / 1000 or < long.MinValue / 1000)
                throw new DuckException(DuckErrorKind.OutOfRange, "An INTERVAL of more than 292 years of microseconds does not fit nanoseconds: cast the column to VARCHAR.");
            to[i] = new CalendarInterval(from[i].Months, from[i].Days, micros * 1000);
        }
    }
}

/// <summary>Booleans: a byte each in DuckDB, a bit each in Arrow.</summary>
internal sealed unsafe class BooleanSink(BufferPool pool) : ColumnSink(BooleanType.Default, pool)
{
    private byte[] _bits = [];

    public override long Bytes => Count / 8;

    protected override void Copy(nint vector, ulong* validity, int start, int count)
    {
        var needed = Bits.BytesFor(Count + count);
        if (needed > _bits.Length) Array.Resize(ref _bits, Math.Max(needed, Math.Max(256, _bits.Length * 2)));
        var from = (byte*)Api.VectorData(vector) + start;
        var i = 0;
        for (; i < count && ((Count + i) & 7) != 0; i++) if (from[i] != 0) Bits.Set(_bits, Count + i);
        for (; i + 8 <= count; i += 8)
            _bits[(Count + i) >> 3] = (byte)(((*(ulong*)(from + i) & 0x0101010101010101) * 0x0102040810204080) >> 56);
        for (; i < count; i++) if (from[i] != 0) Bits.Set(_bits, Count + i);
    }

    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner)
    {
        var bits = _bits;
        _bits = [];
        return new ArrayData(Type, count, -1, 0, [validity, new ArrowBuffer(bits.AsMemory(0, Bits.BytesFor(count)))]);
    }
}

/// <summary>Columns without a type.</summary>
internal sealed unsafe class NullSink(BufferPool pool) : ColumnSink(NullType.Default, pool)
{
    public override long Bytes => 0;
    protected override void Copy(nint vector, ulong* validity, int start, int count) { }
    protected override ArrayData Build(int count, ArrowBuffer validity, PooledMemory owner) => new(Type, count, count, 0, []);
}
