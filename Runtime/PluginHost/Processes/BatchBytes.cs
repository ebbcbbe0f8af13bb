using FlowForge.Columnar;

namespace FlowForge.PluginHost.Processes;

/// <summary>Batches as Arrow IPC streams of one batch each: the schema goes along, so it may change from batch to batch.</summary>
internal static class BatchBytes
{
    public static ReadOnlyMemory<byte> Write(RecordBatch batch)
    {
        var bytes = new MemoryStream();
        using (var writer = new ArrowStreamWriter(bytes, batch.Schema, leaveOpen: true))
        {
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
        }
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    public static ReadOnlyMemory<byte> Write(Schema schema)
    {
        var bytes = new MemoryStream();
        using (var writer = new ArrowStreamWriter(bytes, schema, leaveOpen: true)) writer.WriteEnd();
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    /// <summary>The batch; the caller owns it.</summary>
    public static RecordBatch Read(ReadOnlyMemory<byte> bytes)
    {
        using var reader = new ArrowStreamReader(Stream(bytes));
        return reader.ReadNextRecordBatch() ?? throw new InvalidDataException("A plugin host sent an empty batch stream.");
    }

    public static Schema ReadSchema(ReadOnlyMemory<byte> bytes)
    {
        using var reader = new ArrowStreamReader(Stream(bytes));
        return reader.Schema;
    }

    private static MemoryStream Stream(ReadOnlyMemory<byte> bytes) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var part) ? new MemoryStream(part.Array!, part.Offset, part.Count, writable: false) : new MemoryStream(bytes.ToArray());
}
