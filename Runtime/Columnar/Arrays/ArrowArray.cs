namespace FlowForge.Columnar;

/// <summary>
/// One column of values. Immutable and safe to read from many threads. Its maker owns it and disposes it once; the children
/// of a nested array and the columns of a batch belong to that array or batch. After <c>Dispose</c> every member that reads
/// values throws <see cref="ObjectDisposedException"/>; spans taken before must not be used any more.
/// </summary>
public interface IArrowArray : IDisposable
{
    IArrowType Type { get; }
    int Length { get; }
    int Offset { get; }
    int NullCount { get; }
    ArrayData Data { get; }
    bool IsNull(int index);
    bool IsValid(int index);

    /// <summary>A window on the same memory. The slice has a life of its own: dispose it too; it stays readable after this array's end.</summary>
    IArrowArray Slice(int offset, int length);

    /// <summary>
    /// The value as the closest CLR type, null for null: bool, the integers, Half, float, double, decimal (BigInteger-scaled
    /// text is never used: see <see cref="Decimal128Array"/>), DateOnly, TimeOnly, DateTime (UTC kind for instants), TimeSpan,
    /// <see cref="CalendarInterval"/>, string, byte[], Guid, List&lt;object?&gt;, Dictionary&lt;string, object?&gt;.
    /// Allocates: for display and small results.
    /// </summary>
    object? GetObject(int index);
}

/// <summary>Base of all arrays; see <see cref="IArrowArray"/> for ownership.</summary>
public abstract class ArrowArray : IArrowArray
{
    private readonly ArrayData _data;
    private int _disposed;

    private protected ArrowArray(ArrayData data)
    {
        _data = data;
        data.Owner?.Retain();
    }

    public IArrowType Type => _data.Type;
    public int Length => _data.Length;
    public int Offset => _data.Offset;
    public int NullCount => Data.NullCount;

    public ArrayData Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return _data;
        }
    }

    /// <summary>True for an array without a validity bitmap or with one that has no zero in it.</summary>
    public bool HasNoNulls => NullCount == 0;

    /// <summary>The validity bitmap from bit <see cref="Offset"/> on; empty when no value is null.</summary>
    public ReadOnlySpan<byte> ValidityBits => Data.Buffers.Length == 0 ? default : Data.Buffers[0].Span;

    public bool IsValid(int index) => !IsNull(index);

    public virtual bool IsNull(int index)
    {
        CheckIndex(index);
        var bits = ValidityBits;
        return !bits.IsEmpty && !Bits.Get(bits, _data.Offset + index);
    }

    public IArrowArray Slice(int offset, int length) => ArrowArrayFactory.Build(Data.Slice(offset, length));

    public object? GetObject(int index) => IsNull(index) ? null : Box(index);

    /// <summary>The value of an index known to be valid.</summary>
    protected abstract object? Box(int index);

    protected void CheckIndex(int index)
    {
        if ((uint)index >= (uint)_data.Length)
            throw new ArgumentOutOfRangeException(nameof(index), $"Index {index} is outside an array of {_data.Length} values.");
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        DisposeChildren();
        _data.Owner?.Release();
        GC.SuppressFinalize(this);
    }

    private protected virtual void DisposeChildren() { }

    public override string ToString() => $"{Type.Name}[{Length}]";
}
