using FlowForge.Columnar.Ipc;

namespace FlowForge.Columnar;

/// <summary>
/// Reads Arrow's IPC stream format. The bytes need not be trusted: truncated or hostile data gives <see cref="InvalidDataException"/> or
/// <see cref="EndOfStreamException"/>, never a giant allocation. Compressed bodies and types this library lacks give
/// <see cref="NotSupportedException"/>. Not thread-safe. Batches are managed memory and belong to who takes them.
/// </summary>
public sealed class ArrowStreamReader : IArrowArrayStream
{
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly MessageReader _messages;
    private readonly SchemaReader _schema = new();
    private readonly DictionaryStore _dictionaries;
    private bool _ended;

    /// <summary>Reads the schema at once.</summary>
    public ArrowStreamReader(Stream stream, bool leaveOpen = false)
    {
        _stream = stream;
        _leaveOpen = leaveOpen;
        _messages = new MessageReader(stream);
        _dictionaries = new DictionaryStore(_schema);
        var first = _messages.Next() ?? throw new InvalidDataException("The Arrow stream is empty: it has no schema.");
        if (first.Kind != MessageKind.Schema) throw new InvalidDataException($"An Arrow stream begins with a schema, this one with {first.Kind}.");
        Schema = _schema.Read(first.Header);
    }

    public Schema Schema { get; }

    public RecordBatch? ReadNextRecordBatch()
    {
        while (!_ended && _messages.Next() is { } message)
        {
            switch (message.Kind)
            {
                case MessageKind.DictionaryBatch:
                    _dictionaries.Read(message);
                    break;
                case MessageKind.RecordBatch:
                    return Build(message, Schema, _schema, _dictionaries);
                default:
                    throw new InvalidDataException($"An Arrow stream holds dictionaries and record batches after its schema, not {message.Kind}.");
            }
        }
        _ended = true;
        return null;
    }

    internal static RecordBatch Build(Message message, Schema schema, SchemaReader reader, DictionaryStore dictionaries)
    {
        var batch = new BatchReader(message.Header, message.Body, reader.Ids, dictionaries.Values);
        var arrays = batch.Read(schema.FieldsList);
        if (arrays.Find(a => a.Length != batch.Length) is { } odd)
            throw new InvalidDataException($"A column of the Arrow batch has {odd.Length} values, the batch {batch.Length} rows.");
        return new RecordBatch(schema, arrays.Select(ArrowArrayFactory.Build), batch.Length);
    }

    public void Dispose()
    {
        if (!_leaveOpen) _stream.Dispose();
    }
}
