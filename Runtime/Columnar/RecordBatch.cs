namespace FlowForge.Columnar;

/// <summary>
/// Rows as columns. The batch owns its columns: its maker (or whoever the batch was handed to) disposes it once, and the columns
/// with it. Columns taken out by <see cref="Column(int)"/> are borrowed. Immutable, safe to read from many threads.
/// </summary>
public sealed class RecordBatch : IDisposable
{
    private readonly IArrowArray[] _columns;
    private int _disposed;

    /// <summary>Takes ownership of the columns.</summary>
    /// <exception cref="ArgumentException">Number, type or length of a column does not fit the schema.</exception>
    public RecordBatch(Schema schema, IEnumerable<IArrowArray> columns, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _columns = columns.ToArray();
        Schema = schema;
        Length = length;
        if (_columns.Length != schema.FieldsList.Count)
            throw new ArgumentException($"The schema has {schema.FieldsList.Count} columns, {_columns.Length} were given.", nameof(columns));
        for (var i = 0; i < _columns.Length; i++)
        {
            var field = schema.FieldsList[i];
            if (_columns[i].Length != length)
                throw new ArgumentException($"Column '{field.Name}' has {_columns[i].Length} values in a batch of {length} rows.", nameof(columns));
            if (_columns[i].Type.TypeId != field.DataType.TypeId)
                throw new ArgumentException($"Column '{field.Name}' is {field.DataType.Name} in the schema, the array is {_columns[i].Type.Name}.", nameof(columns));
        }
    }

    public Schema Schema { get; }
    public int Length { get; }
    public int ColumnCount => _columns.Length;

    /// <summary>Columns, borrowed.</summary>
    public IReadOnlyList<IArrowArray> Arrays
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return _columns;
        }
    }

    public IArrowArray Column(int index) => Arrays[index];

    /// <summary>A column by its exact name, borrowed.</summary>
    /// <exception cref="KeyNotFoundException">No such column; the message lists those there are.</exception>
    public IArrowArray Column(string name)
    {
        var i = Schema.GetFieldIndex(name);
        return i >= 0 ? Arrays[i] : throw new KeyNotFoundException(
            $"No column '{name}'. There are: {string.Join(", ", Schema.FieldsList.Select(f => f.Name))}.");
    }

    /// <summary>A window on the same memory with a life of its own; dispose it too.</summary>
    public RecordBatch Slice(int offset, int length) => new(Schema, Arrays.Select(a => a.Slice(offset, length)), length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        foreach (var column in _columns) column.Dispose();
    }

    public override string ToString() => $"{Length} rows ({Schema})";
}
