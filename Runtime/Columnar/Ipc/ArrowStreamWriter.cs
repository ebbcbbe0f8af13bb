using System.Buffers.Binary;
using FlowForge.Columnar.Ipc;

namespace FlowForge.Columnar;

/// <summary>
/// Writes Arrow's IPC stream format (metadata version 5, uncompressed). Dictionaries are written before the first batch that uses
/// them, extended or replaced when they change. Not thread-safe. Batches stay the caller's.
/// </summary>
public class ArrowStreamWriter : IDisposable
{
    private readonly bool _leaveOpen;
    private readonly DictionaryIds _ids = new();
    private readonly Dictionary<long, ArrayData> _written = [];
    private bool _started;
    private bool _ended;

    public ArrowStreamWriter(Stream stream, Schema schema, bool leaveOpen = false)
    {
        BaseStream = stream;
        Schema = schema;
        _leaveOpen = leaveOpen;
    }

    public Schema Schema { get; }
    internal Stream BaseStream { get; }
    internal long Position { get; private set; }

    /// <summary>Whether a dictionary may be written a second time; files do not allow it.</summary>
    private protected virtual bool MayReplaceDictionaries => true;

    /// <exception cref="ArgumentException">The batch has another schema.</exception>
    public void WriteRecordBatch(RecordBatch batch)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        if (!batch.Schema.Equals(Schema)) throw new ArgumentException($"The batch has the schema ({batch.Schema}), the writer ({Schema}).", nameof(batch));
        WriteStart();
        for (var i = 0; i < batch.ColumnCount; i++) WriteDictionaries(batch.Column(i).Data, [i]);
        var body = new BatchWriter();
        foreach (var column in batch.Arrays) body.Add(column.Data);
        var block = WriteMessage(MessageKind.RecordBatch, b => body.WriteTable(b, batch.Length), body);
        Wrote(MessageKind.RecordBatch, block);
    }

    /// <summary>Writes the schema, if no batch was written, and the mark of the end.</summary>
    public void WriteEnd()
    {
        if (_ended) return;
        WriteStart();
        _ended = true;
        Span<byte> end = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(end, Wire.Continuation);
        Put(end);
        WriteTail();
        BaseStream.Flush();
    }

    private void WriteStart()
    {
        if (_started) return;
        _started = true;
        WriteHead();
        WriteMessage(MessageKind.Schema, b => SchemaWriter.Write(b, Schema, _ids), null);
    }

    private protected virtual void WriteHead() { }
    private protected virtual void WriteTail() { }
    private protected virtual void Wrote(MessageKind kind, (long Offset, int Metadata, long Body) block) { }

    private protected void Put(ReadOnlySpan<byte> bytes)
    {
        BaseStream.Write(bytes);
        Position += bytes.Length;
    }

    private protected int WriteSchema(FlatBuilder builder) => SchemaWriter.Write(builder, Schema, _ids);

    /// <summary>Inner dictionaries first, since the values of the outer use them.</summary>
    private void WriteDictionaries(ArrayData data, int[] path)
    {
        var values = data.Dictionary;
        var inner = values ?? data;
        for (var i = 0; i < inner.Children.Length; i++) WriteDictionaries(inner.Children[i], [.. path, i]);
        if (values is null) return;
        var id = _ids.Of(path);
        var isDelta = false;
        var part = values;
        if (_written.TryGetValue(id, out var before) && !ReferenceEquals(before, values))
        {
            var common = CommonPrefix(before, values);
            // All that is needed was written before.
            if (common == values.Length) return;
            isDelta = common == before.Length;
            if (isDelta) part = values.Slice(common, values.Length - common);
            else if (!MayReplaceDictionaries)
                throw new NotSupportedException($"The dictionary of column '{Schema.FieldsList[path[0]].Name}' changes between batches, which an Arrow file cannot hold: write a stream, or one dictionary for all batches.");
        }
        else if (before is not null) return;
        _written[id] = values;
        var body = new BatchWriter();
        body.Add(part);
        var block = WriteMessage(MessageKind.DictionaryBatch, b =>
        {
            var table = body.WriteTable(b, part.Length);
            b.StartTable(3);
            b.AddLong(0, id);
            b.AddOffset(1, table);
            b.AddBool(2, isDelta);
            return b.EndTable();
        }, body);
        Wrote(MessageKind.DictionaryBatch, block);
    }

    /// <summary>How many values two dictionaries of text begin with alike.</summary>
    private static int CommonPrefix(ArrayData a, ArrayData b)
    {
        using var first = ArrowArrayFactory.Build(a);
        using var second = ArrowArrayFactory.Build(b);
        if (first is not StringArray x || second is not StringArray y) return 0;
        var length = Math.Min(x.Length, y.Length);
        for (var i = 0; i < length; i++) if (x.IsNull(i) != y.IsNull(i) || !x.GetBytes(i).SequenceEqual(y.GetBytes(i))) return i;
        return length;
    }

    private (long Offset, int Metadata, long Body) WriteMessage(MessageKind kind, Func<FlatBuilder, int> header, BatchWriter? body)
    {
        var b = new FlatBuilder();
        var table = header(b);
        b.StartTable(5);
        b.AddShort(0, Wire.Version5);
        b.AddByte(1, (byte)kind);
        b.AddOffset(2, table);
        b.AddLong(3, body?.BodyLength ?? 0);
        var metadata = b.Finish(b.EndTable());
        var start = Position;
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, Wire.Continuation);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[4..], metadata.Length);
        Put(prefix);
        Put(metadata);
        body?.WriteBody(BaseStream);
        Position += body?.BodyLength ?? 0;
        return (start, metadata.Length + 8, body?.BodyLength ?? 0);
    }

    /// <summary>Ends the stream as <see cref="WriteEnd"/> does.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        WriteEnd();
        if (!_leaveOpen) BaseStream.Dispose();
    }
}
