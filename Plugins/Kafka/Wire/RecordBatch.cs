using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>The head of one batch of records, as it lies in an answer.</summary>
internal readonly ref struct RecordBatch
{
    /// <summary>Offset and length stand before what the length counts.</summary>
    private const int Prefix = 12, Head = 61;

    private RecordBatch(ReadOnlySpan<byte> bytes, string where)
    {
        var magic = bytes[16];
        if (magic != 2) throw new TerminalException($"{where}: messages in the form {magic}, from before Kafka 0.11, cannot be read.", "Copy the topic's old messages into a new topic.");
        BaseOffset = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (Crc(bytes[21..]) != BinaryPrimitives.ReadUInt32BigEndian(bytes[17..])) throw new TransientException($"{where}, offset {BaseOffset}: the checksum is wrong.");
        var attributes = BinaryPrimitives.ReadInt16BigEndian(bytes[21..]);
        (Compression, IsLogAppendTime, IsTransactional, IsControl) = (attributes & 7, (attributes & 8) != 0, (attributes & 16) != 0, (attributes & 32) != 0);
        LastOffset = BaseOffset + BinaryPrimitives.ReadInt32BigEndian(bytes[23..]);
        BaseTime = BinaryPrimitives.ReadInt64BigEndian(bytes[27..]);
        LatestTime = BinaryPrimitives.ReadInt64BigEndian(bytes[35..]);
        Producer = BinaryPrimitives.ReadInt64BigEndian(bytes[43..]);
        Count = BinaryPrimitives.ReadInt32BigEndian(bytes[57..]);
        Payload = bytes[Head..];
    }

    public long BaseOffset { get; }
    public long LastOffset { get; }
    public int Compression { get; }
    public bool IsLogAppendTime { get; }
    public bool IsTransactional { get; }
    public bool IsControl { get; }
    public long BaseTime { get; }
    public long LatestTime { get; }
    public long Producer { get; }
    public int Count { get; }
    /// <summary>The records, packed as <see cref="Compression"/> says.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Takes the next batch from the bytes; false when no whole one is left.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bytes, string where, out RecordBatch batch)
    {
        batch = default;
        if (bytes.Length < Head) return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);
        if (length < Head - Prefix) throw new TransientException($"{where}: a batch of {length} bytes cannot be.");
        if (bytes.Length - Prefix < length) return false;
        batch = new RecordBatch(bytes[..(Prefix + length)], where);
        bytes = bytes[(Prefix + length)..];
        return true;
    }

    /// <summary>The offset behind the last whole batch; null when there is none. Looks at heads only.</summary>
    public static long? Behind(ReadOnlySpan<byte> bytes)
    {
        long? next = null;
        while (bytes.Length >= Head)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);
            if (length < Head - Prefix || bytes.Length - Prefix < length) break;
            next = BinaryPrimitives.ReadInt64BigEndian(bytes) + BinaryPrimitives.ReadInt32BigEndian(bytes[23..]) + 1;
            bytes = bytes[(Prefix + length)..];
        }
        return next;
    }

    /// <summary>CRC-32C.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var eight in MemoryMarshal.Cast<byte, ulong>(bytes)) crc = BitOperations.Crc32C(crc, eight);
        foreach (var one in bytes[(bytes.Length & ~7)..]) crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }
}

/// <summary>One message.</summary>
internal readonly ref struct Record
{
    private Record(ReadOnlySpan<byte> bytes, long baseOffset, long baseTime)
    {
        var reader = new WireReader(bytes);
        reader.Int8();
        Time = baseTime + reader.Varint();
        Offset = baseOffset + reader.Varint();
        Key = reader.VarBytes(out var noKey);
        Value = reader.VarBytes(out var noValue);
        Headers = bytes[reader.Position..];
        (HasKey, HasValue) = (!noKey, !noValue);
    }

    public long Offset { get; }
    /// <summary>Milliseconds since 1970.</summary>
    public long Time { get; }
    public ReadOnlySpan<byte> Key { get; }
    public ReadOnlySpan<byte> Value { get; }
    public bool HasKey { get; }
    public bool HasValue { get; }
    /// <summary>Their number, then name and value of each.</summary>
    public ReadOnlySpan<byte> Headers { get; }

    /// <summary>Takes the next record from a batch's unpacked payload.</summary>
    public static Record Take(ref ReadOnlySpan<byte> payload, in RecordBatch batch)
    {
        var reader = new WireReader(payload);
        var bytes = reader.VarBytes(out _);
        payload = payload[reader.Position..];
        return new Record(bytes, batch.BaseOffset, batch.BaseTime);
    }
}
