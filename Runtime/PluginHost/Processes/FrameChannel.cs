using System.Buffers.Binary;
using System.Text.Json;

namespace FlowForge.PluginHost.Processes;

/// <summary>
/// Frames over a pair of pipes: length, kind, call, length of the header, header, body. Any thread may write; one thread reads. How many
/// items are on their way is bounded by the calls' credits, not here.
/// </summary>
internal sealed class FrameChannel(Stream input, Stream output)
{
    private const int Head = 13;
    private const int LargestFrame = 1 << 30;
    private readonly Lock _writing = new();

    public void Write(FrameKind kind, int call, ReadOnlySpan<byte> header = default, ReadOnlySpan<byte> body = default)
    {
        if ((long)header.Length + body.Length > LargestFrame) throw new InvalidDataException($"A batch of {((long)header.Length + body.Length) >> 20} MB is too large for a host process; hand over smaller ones.");
        Span<byte> head = stackalloc byte[Head];
        BinaryPrimitives.WriteInt32LittleEndian(head, checked(Head - 4 + header.Length + body.Length));
        head[4] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(head[5..], call);
        BinaryPrimitives.WriteInt32LittleEndian(head[9..], header.Length);
        lock (_writing)
        {
            output.Write(head);
            output.Write(header);
            output.Write(body);
            output.Flush();
        }
    }

    /// <summary>A frame with a header.</summary>
    public void Say<T>(FrameKind kind, int call, T header, ReadOnlySpan<byte> body = default) => Write(kind, call, JsonSerializer.SerializeToUtf8Bytes(header, HostJson.Options).AsSpan(), body);

    /// <summary>The next frame; null when the other side has closed or died.</summary>
    public Frame? Read()
    {
        Span<byte> head = stackalloc byte[Head];
        if (input.ReadAtLeast(head, Head, throwOnEndOfStream: false) < Head) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(head) - (Head - 4);
        var header = BinaryPrimitives.ReadInt32LittleEndian(head[9..]);
        if (length is < 0 or > LargestFrame || header < 0 || header > length) throw new InvalidDataException("What came over the pipe is no frame of a plugin host.");
        var bytes = new byte[length];
        return input.ReadAtLeast(bytes, length, throwOnEndOfStream: false) < length ? null
            : new Frame((FrameKind)head[4], BinaryPrimitives.ReadInt32LittleEndian(head[5..]), bytes.AsMemory(0, header), bytes.AsMemory(header));
    }
}
