using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;

namespace FlowForge.Plugins.Postgres;

/// <summary>Makes batches of binary COPY streams: the fields of a block of rows are found, then each column takes its values from it.</summary>
internal sealed class CopyReader
{
    private const int MostRows = 65_536, MostBytes = 2 << 20;
    private readonly IReadOnlyList<PgColumn> _columns;
    private readonly ColumnDecoder[] _decoders;
    private readonly CopyStream _stream;
    private readonly Schema _schema;
    private readonly string _where;
    private int _rows;
    private long _bytes;

    public CopyReader(IReadOnlyList<PgColumn> columns, Schema schema, string where)
    {
        (_columns, _schema, _where) = (columns, schema, where);
        _decoders = PgColumn.Decoders(columns);
        _stream = new CopyStream(_decoders.Length, where);
    }

    /// <summary>All batches of one stream. The caller owns them.</summary>
    public IEnumerable<RecordBatch> Read(Stream copy)
    {
        _stream.Begin(copy);
        while (Decode(_stream.Next(MostRows - _rows)))
            if (_rows == MostRows || _bytes >= MostBytes) yield return Build();
        if (_rows > 0) yield return Build();
    }

    private bool Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return false;
        for (var i = 0; i < _decoders.Length; i++)
        {
            try { _decoders[i].AddAll(bytes, _stream.Block, i); }
            catch (UnfitValueException e) { throw new TerminalException($"{_where}: column {_columns[i].Name} holds {e.Message}.", e.Suggestion, e); }
        }
        _rows += _stream.Block.Count;
        _bytes += bytes.Length;
        return true;
    }

    private RecordBatch Build()
    {
        var batch = new RecordBatch(_schema, _decoders.Select(d => d.Builder.Build()), _rows);
        (_rows, _bytes) = (0, 0);
        return batch;
    }
}
