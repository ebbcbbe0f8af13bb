namespace FlowForge.Columnar;

/// <summary>
/// Collects values and builds an array of them. Not thread-safe. <see cref="Build"/> hands the memory over and leaves the builder
/// empty for the next batch.
/// </summary>
public abstract class ArrayBuilder
{
    private byte[] _validity = [];
    private int _nulls;
    private PooledMemory? _owner;

    private protected ArrayBuilder(IArrowType type) => Type = type;

    public IArrowType Type { get; }
    public int Length { get; private set; }

    /// <summary>
    /// Where the memory of numbers, times, text and byte strings comes from, and where it goes when an array and all slices of it are disposed; null (as from the start): from the garbage
    /// collector. For columns of which array after array is made. Other arrays, and what is in lists and structs, have memory of their own all the same.
    /// </summary>
    public BufferPool? Pool { get; set; }

    /// <summary>Adds a null.</summary>
    public abstract void AppendNull();

    /// <summary>
    /// Adds a CLR value of the column's kind (null is null): numbers are converted when they fit exactly.
    /// </summary>
    /// <exception cref="ArgumentException">The value does not fit the type.</exception>
    public void AppendObject(object? value)
    {
        if (value is null or DBNull)
        {
            AppendNull();
            return;
        }
        try
        {
            AppendValue(value);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException)
        {
            throw new ArgumentException($"A {value.GetType().Name} value does not fit a column of {Type.Name}: {e.Message}", nameof(value), e);
        }
    }

    /// <summary>The array of all values since the last call.</summary>
    public IArrowArray Build()
    {
        var data = BuildData();
        var array = ArrowArrayFactory.Build(data);
        // It holds its own reference by now.
        data.Owner?.Release();
        return array;
    }

    internal ArrayData BuildData()
    {
        var data = Finish(Length, _nulls, _nulls == 0 ? ArrowBuffer.Empty : new ArrowBuffer(_validity.AsMemory(0, Bits.BytesFor(Length))));
        _validity = [];
        Length = 0;
        _nulls = 0;
        _owner = null;
        return data;
    }

    /// <summary>Takes back the values from <paramref name="length"/> on, as after a row of which a later column did not fit.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length >= Length)
        {
            // A nested value may have been left half added.
            if (length == Length) Cut(length);
            return;
        }
        if (_nulls > 0)
        {
            _nulls -= Length - length - Bits.Count(_validity, length, Length - length);
            Bits.Fill(_validity, length, Length - length, false);
        }
        Cut(length);
        Length = length;
    }

    /// <summary>Forgets the values from a length on that is at most <see cref="Length"/>, which is still the old one.</summary>
    private protected abstract void Cut(int length);

    private protected abstract void AppendValue(object value);
    private protected abstract ArrayData Finish(int length, int nulls, ArrowBuffer validity);

    /// <summary>What the array that is being finished has from the pool.</summary>
    private protected PooledMemory? Owner => _owner;

    /// <summary>A copy of some bytes for the array that is being finished.</summary>
    private protected ArrowBuffer Kept(ReadOnlySpan<byte> bytes)
    {
        if (Pool is null || bytes.IsEmpty) return new ArrowBuffer(bytes.ToArray());
        var buffer = Pool.Rent(bytes.Length);
        bytes.CopyTo(buffer);
        return Kept(buffer, bytes.Length);
    }

    /// <summary>The start of a buffer, which is of the pool if there is one, for the array that is being finished.</summary>
    private protected ArrowBuffer Kept(byte[] buffer, int length)
    {
        if (Pool is not null) (_owner ??= new PooledMemory(Pool)).Add(buffer);
        return new ArrowBuffer(buffer.AsMemory(0, length));
    }

    /// <summary>Counts a value as present or null.</summary>
    private protected void Mark(bool valid)
    {
        if (!valid && _nulls++ == 0)
        {
            // The bitmap is made at the first null: columns without nulls never pay for it.
            _validity = new byte[Math.Max(64, Bits.BytesFor(Length + 1) * 2)];
            Bits.Fill(_validity, 0, Length, true);
        }
        if (_nulls > 0)
        {
            if (Length >> 3 >= _validity.Length) Array.Resize(ref _validity, _validity.Length * 2);
            if (valid) Bits.Set(_validity, Length);
        }
        Length = checked(Length + 1);
    }

    /// <summary>Counts many values as present.</summary>
    private protected void MarkAll(int count)
    {
        var length = checked(Length + count);
        if (_nulls > 0)
        {
            if (Bits.BytesFor(length) > _validity.Length) Array.Resize(ref _validity, Math.Max(_validity.Length * 2, Bits.BytesFor(length)));
            Bits.Fill(_validity, Length, count, true);
        }
        Length = length;
    }

    /// <summary>A builder for any type this library can build.</summary>
    public static ArrayBuilder Create(IArrowType type) => type switch
    {
        NullType => new NullBuilder(),
        BooleanType => new BooleanArray.Builder(),
        Int8Type => new Int8Array.Builder(),
        Int16Type => new Int16Array.Builder(),
        Int32Type => new Int32Array.Builder(),
        Int64Type => new Int64Array.Builder(),
        UInt8Type => new UInt8Array.Builder(),
        UInt16Type => new UInt16Array.Builder(),
        UInt32Type => new UInt32Array.Builder(),
        UInt64Type => new UInt64Array.Builder(),
        HalfFloatType => new HalfFloatArray.Builder(),
        FloatType => new FloatArray.Builder(),
        DoubleType => new DoubleArray.Builder(),
        Decimal128Type t => new Decimal128Array.Builder(t),
        Date32Type => new Date32Array.Builder(),
        Date64Type => new Date64Array.Builder(),
        Time32Type t => new Time32Array.Builder(t),
        Time64Type t => new Time64Array.Builder(t),
        TimestampType t => new TimestampArray.Builder(t),
        DurationType t => new DurationArray.Builder(t),
        IntervalType { Unit: IntervalUnit.MonthDayNanosecond } => new MonthDayNanosecondIntervalArray.Builder(),
        StringType => new StringArray.Builder(),
        BinaryType => new BinaryArray.Builder(),
        UuidType => new UuidArray.Builder(),
        FixedSizeBinaryType t => new FixedSizeBinaryArray.Builder(t),
        ListType t => new ListBuilder(t),
        StructType t => new StructBuilder(t),
        MapType t => new MapBuilder(t),
        DictionaryType { ValueType: StringType, IndexType: Int32Type } t => new StringDictionaryBuilder(t.Ordered),
        _ => throw new NotSupportedException($"There is no builder for {type.Name}."),
    };
}

internal sealed class NullBuilder() : ArrayBuilder(NullType.Default)
{
    public override void AppendNull() => Mark(false);
    private protected override void AppendValue(object value) => throw new InvalidCastException("only nulls fit");
    private protected override void Cut(int length) { }
    private protected override ArrayData Finish(int length, int nulls, ArrowBuffer validity) => new(Type, length, length, 0, []);
}
