using System.Buffers.Binary;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Decoding;

namespace FlowForge.Plugins.Postgres;

/// <summary>Reads a binary COPY stream into batches. Synchronous: each reader has a thread of its own, and a task a row would cost more than the row.</summary>
internal sealed class CopyReader
{
    private const int MostRows = 65_536, MostBytes = 16 << 20, HeaderLength = 19;
    private static ReadOnlySpan<byte> Signature => [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00];
    private readonly IReadOnlyList<PgColumn> _columns;
    private readonly ColumnDecoder[] _decoders;
    private readonly Schema _schema;
    private readonly string _where;
    private byte[] _buffer = new byte[256 << 10];
    private int _rows, _variable;

    public CopyReader(IReadOnlyList<PgColumn> columns, Schema schema, string where)
    {
        (_columns, _schema, _where) = (columns, schema, where);
        _decoders = [.. columns.Select(c => c.Decoder(ArrayBuilder.Create(c.Type)))];
    }

    /// <summary>All batches of one stream. The caller owns them.</summary>
    public IEnumerable<RecordBatch> Read(Stream copy)
    {
        int start = 0, end = 0;
        var header = false;
        while (true)
        {
            // The driver gives a row a call: gather a block of them before decoding.
            var ended = false;
            while (end < _buffer.Length && !ended)
            {
                var got = copy.Read(_buffer, end, _buffer.Length - end);
                end += got;
                ended = got == 0;
            }
            if (!header && end - start >= HeaderLength)
            {
                if (!_buffer.AsSpan(start, Signature.Length).SequenceEqual(Signature)) throw new TerminalException($"{_where}: the server's answer is no binary COPY stream.");
                start += HeaderLength + BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(start + 15));
                header = true;
            }
            while (header && RowLength(_buffer.AsSpan(start, end - start)) is > 0 and var length)
            {
                Decode(_buffer.AsSpan(start, length));
                start += length;
                if (++_rows == MostRows || _variable >= MostBytes) yield return Build();
            }
            if (ended) break;
            var rest = end - start;
            // A row larger than the buffer: up to PostgreSQL's own limit of 1 GB a value.
            if (start == 0) Array.Resize(ref _buffer, checked(_buffer.Length * 2));
            else _buffer.AsSpan(start, rest).CopyTo(_buffer);
            (start, end) = (0, rest);
        }
        // The trailer: a field count of -1.
        if (!header || end - start != 2 || BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(start)) != -1)
            throw new TransientException($"{_where}: the stream ended in the middle of a row.");
        if (_rows > 0) yield return Build();
    }

    /// <summary>0 when the row is not complete yet or the trailer was reached.</summary>
    private static int RowLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2) return 0;
        int fields = BinaryPrimitives.ReadInt16BigEndian(bytes), at = 2;
        if (fields < 0) return 0;
        for (; fields > 0; fields--)
        {
            if (bytes.Length - at < 4) return 0;
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);
            at += 4;
            if (length <= 0) continue;
            if (length > bytes.Length - at) return 0;
            at += length;
        }
        return at;
    }

    private void Decode(ReadOnlySpan<byte> row)
    {
        var at = 2;
        foreach (var decoder in _decoders)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(row[at..]);
            at += 4;
            if (length < 0)
            {
                decoder.Builder.AppendNull();
                continue;
            }
            try
            {
                decoder.Add(row.Slice(at, length));
            }
            catch (UnfitValueException e)
            {
                throw new TerminalException($"{_where}: column {_columns[Array.IndexOf(_decoders, decoder)].Name} holds {e.Message}.", e.Suggestion, e);
            }
            at += length;
        }
        _variable += row.Length;
    }

    private RecordBatch Build()
    {
        var batch = new RecordBatch(_schema, _decoders.Select(d => d.Builder.Build()), _rows);
        (_rows, _variable) = (0, 0);
        return batch;
    }
}
