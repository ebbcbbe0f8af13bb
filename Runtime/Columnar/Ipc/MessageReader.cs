using System.Buffers.Binary;

namespace FlowForge.Columnar.Ipc;

/// <summary>One message of the encapsulated format.</summary>
internal readonly record struct Message(MessageKind Kind, FlatTable Header, ReadOnlyMemory<byte> Body);

/// <summary>Messages one after the other from a stream. A length that lies costs no more memory than bytes that really come.</summary>
internal sealed class MessageReader(Stream stream)
{
    private const int Step = 1 << 20;

    /// <summary>The next message, or null at the end (by mark or by the end of the stream between messages).</summary>
    public Message? Next()
    {
        Span<byte> word = stackalloc byte[4];
        if (!ReadOrEnd(word)) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(word);
        if (length == Wire.Continuation)
        {
            stream.ReadExactly(word);
            length = BinaryPrimitives.ReadInt32LittleEndian(word);
        }
        if (length == 0) return null;
        if (length < 0 || length > Wire.MaxMetadata) throw new InvalidDataException($"An Arrow message says its metadata has {length} bytes.");
        var message = FlatTable.Root(ReadBytes(length));
        var version = message.Short(0);
        if (version is < Wire.Version4 or > Wire.Version5) throw new NotSupportedException($"Arrow metadata version {version + 1} is not supported; versions 4 and 5 are.");
        var header = message.Table(2) ?? throw new InvalidDataException("An Arrow message has no header.");
        var body = message.Long(3);
        if (body < 0 || body > Array.MaxLength) throw new InvalidDataException($"An Arrow message says its body has {body} bytes; at most {Array.MaxLength} are supported.");
        return new Message((MessageKind)message.Byte(1), header, ReadBytes((int)body));
    }

    private bool ReadOrEnd(Span<byte> target)
    {
        var read = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        if (read == 0) return false;
        return read == target.Length ? true : throw new EndOfStreamException("The Arrow stream ends inside a message.");
    }

    private byte[] ReadBytes(int length)
    {
        var bytes = new byte[Math.Min(length, Step)];
        var read = 0;
        while (true)
        {
            var now = stream.ReadAtLeast(bytes.AsSpan(read), bytes.Length - read, throwOnEndOfStream: false);
            read += now;
            if (read < bytes.Length) throw new EndOfStreamException($"The Arrow stream ends inside a message: {length} bytes were promised, {read} came.");
            if (read == length) return bytes;
            Array.Resize(ref bytes, (int)Math.Min(length, bytes.Length * 2L));
        }
    }
}
