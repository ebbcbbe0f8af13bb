using System.Data.Common;
using System.Runtime.CompilerServices;
using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Rows;

/// <summary>Rows of an ADO.NET reader. The reader's types are a beginning only: some databases keep a text in a number's column.</summary>
internal sealed class ReaderRows
{
    private readonly DbDataReader _reader;
    private readonly RowBatcher _batcher;

    public ReaderRows(DbDataReader reader)
    {
        _reader = reader;
        var facts = reader.CanGetColumnSchema() ? reader.GetColumnSchema() : null;
        _batcher = new RowBatcher([.. Enumerable.Range(0, reader.FieldCount).Select(i => new ValueColumn(reader.GetName(i), TypeOf(reader, i, facts?.ElementAtOrDefault(i))))]);
    }

    public Schema Schema => _batcher.Schema;

    public async IAsyncEnumerable<SourceBatch> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var values = new object?[_reader.FieldCount];
        while (await _reader.ReadAsync(ct).ConfigureAwait(false))
        {
            _reader.GetValues(values!);
            if (_batcher.Add(values) is { } before) yield return new SourceBatch(before);
            if (_batcher.IsFull) yield return new SourceBatch(_batcher.Build());
        }
        if (_batcher.Rows > 0) yield return new SourceBatch(_batcher.Build());
    }

    private static IArrowType TypeOf(DbDataReader reader, int i, DbColumn? facts)
    {
        var type = reader.GetFieldType(i);
        if (type == typeof(decimal) && facts is { NumericPrecision: { } precision and > 0 and <= 38, NumericScale: { } scale and >= 0 } && scale <= precision) return new Decimal128Type(precision, scale);
        // A time of day comes as a span from older providers.
        if (type == typeof(TimeSpan) && facts?.DataTypeName?.StartsWith("time", StringComparison.OrdinalIgnoreCase) == true) return new Time64Type(TimeUnit.Microsecond);
        return ValueTypes.Of(type) ?? StringType.Default;
    }
}
