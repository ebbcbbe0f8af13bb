using System.Diagnostics;
using FlowForge.Columnar;

namespace FlowForge.PluginHost.Rows;

/// <summary>Collects rows of CLR values into batches of bounded size. A value that does not fit ends the batch before its row, and the next one has a wider column.</summary>
internal sealed class RowBatcher(IReadOnlyList<ValueColumn> columns)
{
    private const int MostRows = 8192;
    private const long MostBytes = 8 << 20;
    private static readonly long Longest = Stopwatch.Frequency;
    private Schema? _schema;
    private long _started;

    public int Rows { get; private set; }

    public Schema Schema => _schema ??= new Schema(columns.Select(c => new Field(c.Name, c.Type)));

    /// <summary>Whether the batch should be handed over: it is large, or its first row has waited for a second.</summary>
    public bool IsFull => Rows >= MostRows || (Rows & 63) == 0 && Rows > 0 && columns.Sum(c => c.Bytes) >= MostBytes || Rows > 0 && Stopwatch.GetTimestamp() - _started > Longest;

    /// <summary>Adds a row. When types had to change for it: the batch of the rows before, which the caller takes.</summary>
    public RecordBatch? Add(ReadOnlySpan<object?> values)
    {
        RecordBatch? before = null;
        if (Rows == 0) _started = Stopwatch.GetTimestamp();
        for (var i = 0; i < columns.Count; i++)
        {
            if (columns[i].TryAppend(values[i])) continue;
            foreach (var column in columns) column.Truncate(Rows);
            if (Rows > 0) before ??= Build();
            // The rest of the row may need more columns widened: it starts anew until all of it fits.
            columns[i].WidenFor(values[i]!);
            _schema = null;
            i = -1;
        }
        Rows++;
        return before;
    }

    /// <summary>The rows since the last call, which the caller owns.</summary>
    public RecordBatch Build()
    {
        var batch = new RecordBatch(Schema, columns.Select(c => c.Build()), Rows);
        (Rows, _started) = (0, Stopwatch.GetTimestamp());
        return batch;
    }
}
