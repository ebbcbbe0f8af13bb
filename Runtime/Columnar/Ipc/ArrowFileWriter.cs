using System.Buffers.Binary;
using FlowForge.Columnar.Ipc;

namespace FlowForge.Columnar;

/// <summary>Writes Arrow's IPC file format. A dictionary must be the same in all batches. Otherwise as <see cref="ArrowStreamWriter"/>.</summary>
public sealed class ArrowFileWriter(Stream stream, Schema schema, bool leaveOpen = false) : ArrowStreamWriter(stream, schema, leaveOpen)
{
    private readonly List<(long Offset, int Metadata, long Body)> _dictionaries = [];
    private readonly List<(long Offset, int Metadata, long Body)> _batches = [];

    private protected override bool MayReplaceDictionaries => false;

    private protected override void WriteHead()
    {
        Span<byte> head = stackalloc byte[8];
        head.Clear();
        Wire.Magic.CopyTo(head);
        Put(head);
    }

    private protected override void Wrote(MessageKind kind, (long Offset, int Metadata, long Body) block) =>
        (kind == MessageKind.RecordBatch ? _batches : _dictionaries).Add(block);

    private protected override void WriteTail()
    {
        var b = new FlatBuilder();
        var table = WriteSchema(b);
        var dictionaries = b.Structs(Blocks(_dictionaries), _dictionaries.Count);
        var batches = b.Structs(Blocks(_batches), _batches.Count);
        b.StartTable(5);
        b.AddShort(0, Wire.Version5);
        b.AddOffset(1, table);
        b.AddOffset(2, dictionaries);
        b.AddOffset(3, batches);
        var footer = b.Finish(b.EndTable());
        Put(footer);
        Span<byte> tail = stackalloc byte[10];
        BinaryPrimitives.WriteInt32LittleEndian(tail, footer.Length);
        Wire.Magic.CopyTo(tail[4..]);
        Put(tail);
    }

    private static byte[] Blocks(List<(long Offset, int Metadata, long Body)> blocks)
    {
        var bytes = new byte[blocks.Count * 24];
        for (var i = 0; i < blocks.Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 24), blocks[i].Offset);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 24 + 8), blocks[i].Metadata);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 24 + 16), blocks[i].Body);
        }
        return bytes;
    }
}
