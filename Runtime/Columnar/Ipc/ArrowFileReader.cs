using System.Buffers.Binary;
using FlowForge.Columnar.Ipc;

namespace FlowForge.Columnar;

/// <summary>Reads Arrow's IPC file format, batches in any order. As distrustful as <see cref="ArrowStreamReader"/>. Not thread-safe.</summary>
public sealed class ArrowFileReader : IArrowArrayStream
{
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly SchemaReader _schema = new();
    private readonly DictionaryStore _dictionaries;
    private readonly (long Offset, int Metadata, long Body)[] _batches;
    private int _next;

    /// <summary>Reads the footer and the dictionaries at once. The stream must seek.</summary>
    public ArrowFileReader(Stream stream, bool leaveOpen = false)
    {
        _stream = stream;
        _leaveOpen = leaveOpen;
        _dictionaries = new DictionaryStore(_schema);
        var footer = ReadFooter();
        Schema = _schema.Read(footer.Table(1) ?? throw new InvalidDataException("The footer of the Arrow file has no schema."));
        foreach (var block in Blocks(footer, 2)) _dictionaries.Read(At(block, MessageKind.DictionaryBatch));
        _batches = Blocks(footer, 3);
    }

    public Schema Schema { get; }
    public int RecordBatchCount => _batches.Length;

    /// <summary>A batch by its number; the caller owns it.</summary>
    public RecordBatch ReadRecordBatch(int index) => ArrowStreamReader.Build(At(_batches[index], MessageKind.RecordBatch), Schema, _schema, _dictionaries);

    public RecordBatch? ReadNextRecordBatch() => _next < _batches.Length ? ReadRecordBatch(_next++) : null;

    private FlatTable ReadFooter()
    {
        Span<byte> tail = stackalloc byte[10];
        if (_stream.Length < 8 + tail.Length) throw new InvalidDataException($"An Arrow file has at least 18 bytes, this one {_stream.Length}.");
        Span<byte> head = stackalloc byte[6];
        _stream.Position = 0;
        _stream.ReadExactly(head);
        _stream.Position = _stream.Length - tail.Length;
        _stream.ReadExactly(tail);
        if (!head.SequenceEqual(Wire.Magic) || !tail[4..].SequenceEqual(Wire.Magic)) throw new InvalidDataException("This is no Arrow file: it does not begin and end with ARROW1.");
        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length <= 0 || length > Math.Min(Wire.MaxMetadata, _stream.Length - tail.Length - 8)) throw new InvalidDataException($"The Arrow file says its footer has {length} bytes.");
        var footer = new byte[length];
        _stream.Position = _stream.Length - tail.Length - length;
        _stream.ReadExactly(footer);
        return FlatTable.Root(footer);
    }

    private static (long, int, long)[] Blocks(FlatTable footer, int slot)
    {
        var blocks = new (long, int, long)[footer.Count(slot, 24)];
        for (var i = 0; i < blocks.Length; i++)
        {
            var bytes = footer.StructAt(slot, i, 24);
            blocks[i] = (BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
        }
        return blocks;
    }

    private Message At((long Offset, int Metadata, long Body) block, MessageKind kind)
    {
        if (block.Offset < 8 || block.Offset > _stream.Length - 8) throw new InvalidDataException($"The Arrow file says that a message is at byte {block.Offset} of {_stream.Length}.");
        _stream.Position = block.Offset;
        var message = new MessageReader(_stream).Next() ?? throw new InvalidDataException($"There is no Arrow message at byte {block.Offset}.");
        return message.Kind == kind ? message : throw new InvalidDataException($"The Arrow message at byte {block.Offset} is {message.Kind}, {kind} was expected.");
    }

    public void Dispose()
    {
        if (!_leaveOpen) _stream.Dispose();
    }
}
