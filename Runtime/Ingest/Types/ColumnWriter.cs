using FlowForge.Columnar;

namespace FlowForge.Ingest.Types;

/// <summary>
/// Collects one column of a batch from texts, proving each. A text that is not of the type is refused and nothing is added;
/// the caller decides what that means. Not thread-safe.
/// </summary>
internal abstract class ColumnWriter(ColumnType type)
{
    private byte[] _validity = new byte[512];
    private bool _hasNulls;

    public ColumnType Type { get; } = type;
    public int Length { get; private set; }

    /// <summary>Adds the value that <paramref name="text"/> writes; false when it is none of this type.</summary>
    public abstract bool TryAppend(ReadOnlySpan<byte> text);

    public void AppendNull()
    {
        Reserve();
        SkipValue();
        _hasNulls = true;
        if (Length >> 3 >= _validity.Length) Array.Resize(ref _validity, _validity.Length * 2);
        Bits.Clear(_validity, Length++);
    }

    /// <summary>Takes back the values from <paramref name="length"/> on: their row was rejected.</summary>
    public void Truncate(int length)
    {
        Length = length;
        OnTruncated();
    }

    /// <summary>Tells what is known of the values taken so far, so that a misfit is judged together with them.</summary>
    public virtual void AddFacts(ColumnFacts facts) { }

    /// <summary>The collected column; the writer is empty afterwards.</summary>
    public IArrowArray Build()
    {
        var validity = _hasNulls ? new ArrowBuffer(_validity.AsMemory(0, Bits.BytesFor(Length))) : ArrowBuffer.Empty;
        var array = ArrowArrayFactory.Build(new ArrayData(Type.Arrow, Length, _hasNulls ? -1 : 0, 0, [validity, .. TakeBuffers()]));
        if (_hasNulls) _validity = new byte[_validity.Length];
        _hasNulls = false;
        Length = 0;
        return array;
    }

    /// <summary>Makes room for one more value.</summary>
    protected abstract void Reserve();
    /// <summary>Leaves a gap where a null stands.</summary>
    protected virtual void SkipValue() { }
    protected virtual void OnTruncated() { }
    protected abstract ArrowBuffer[] TakeBuffers();

    /// <summary>Counts a value that was written.</summary>
    protected void Added()
    {
        if (Length >> 3 >= _validity.Length) Array.Resize(ref _validity, _validity.Length * 2);
        _validity[Length >> 3] |= (byte)(1 << (Length & 7));
        Length++;
    }

    public static ColumnWriter Create(ColumnType type, bool strict) => type.Kind switch
    {
        TypeKind.Boolean => new BooleanWriter(type, strict),
        TypeKind.TinyInt => new IntegerWriter<sbyte>(type, strict, sbyte.MinValue, sbyte.MaxValue),
        TypeKind.SmallInt => new IntegerWriter<short>(type, strict, short.MinValue, short.MaxValue),
        TypeKind.Integer => new IntegerWriter<int>(type, strict, int.MinValue, int.MaxValue),
        TypeKind.BigInt => new IntegerWriter<long>(type, strict, long.MinValue, long.MaxValue),
        TypeKind.Float => new FloatWriter(type),
        TypeKind.Double => new DoubleWriter(type, strict),
        TypeKind.Decimal => new DecimalWriter(type, strict),
        TypeKind.Date => new DateWriter(type),
        TypeKind.Time => new TimeWriter(type),
        TypeKind.Timestamp or TypeKind.TimestampTz => new TimestampWriter(type),
        TypeKind.Uuid => new UuidWriter(type),
        TypeKind.Unknown => new UnknownWriter(type),
        _ => new TextWriter(type),
    };
}

/// <summary>A column of values of one width.</summary>
internal abstract class FixedWriter<T>(ColumnType type) : ColumnWriter(type) where T : unmanaged
{
    private T[] _values = new T[1024];

    protected override void Reserve()
    {
        if (Length == _values.Length) Array.Resize(ref _values, _values.Length * 2);
    }

    protected override void SkipValue() => _values[Length] = default;

    protected bool Add(T value)
    {
        Reserve();
        _values[Length] = value;
        Added();
        return true;
    }

    protected override ArrowBuffer[] TakeBuffers()
    {
        var bytes = new byte[Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()];
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(_values.AsSpan(0, Length)).CopyTo(bytes);
        return [new ArrowBuffer(bytes)];
    }
}
