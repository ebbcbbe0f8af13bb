namespace FlowForge.Columnar;

/// <summary>Builds batches row by row from CLR values. Not thread-safe.</summary>
public sealed class RecordBatchBuilder
{
    private readonly ArrayBuilder[] _columns;

    public RecordBatchBuilder(Schema schema)
    {
        Schema = schema;
        _columns = schema.FieldsList.Select(f => ArrayBuilder.Create(f.DataType)).ToArray();
    }

    public Schema Schema { get; }
    public int Length { get; private set; }
    public IReadOnlyList<ArrayBuilder> Columns => _columns;

    /// <summary>Adds one row.</summary>
    /// <exception cref="ArgumentException">
    /// Wrong number of values, or one does not fit its column (which is named). The row is left out as a whole; the next one may follow.
    /// </exception>
    public void AppendRow(params ReadOnlySpan<object?> values)
    {
        if (values.Length != _columns.Length)
            throw new ArgumentException($"A row has {_columns.Length} values, {values.Length} were given.", nameof(values));
        for (var i = 0; i < _columns.Length; i++)
        {
            try
            {
                _columns[i].AppendObject(values[i]);
            }
            catch (ArgumentException e)
            {
                foreach (var column in _columns) column.Truncate(Length);
                throw new ArgumentException($"Column '{Schema.FieldsList[i].Name}', row {Length}: {e.Message}", nameof(values), e);
            }
        }
        Length++;
    }

    /// <summary>Counts a row whose values went to <see cref="Columns"/> one by one.</summary>
    public void EndRow() => Length++;

    /// <summary>The rows since the last call as a batch that the caller owns.</summary>
    public RecordBatch Build()
    {
        var batch = new RecordBatch(Schema, _columns.Select(c => c.Build()), Length);
        Length = 0;
        return batch;
    }
}
