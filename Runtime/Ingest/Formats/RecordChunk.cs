using System.Buffers;

namespace FlowForge.Ingest.Formats;

/// <summary>A piece of a file that holds whole records, and how many by the splitter's count. Dispose it once: the memory is pooled.</summary>
internal sealed class RecordChunk(byte[] buffer, int length, long offset, long firstRecord, int records, bool isLast) : IDisposable
{
    private byte[]? _buffer = buffer;

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, length);
    /// <summary>Where the chunk starts in the file's decoded bytes.</summary>
    public long Offset => offset;
    /// <summary>Number of the first record, from 1.</summary>
    public long FirstRecord => firstRecord;
    /// <summary>The file ends with this chunk.</summary>
    public bool IsLast => isLast;
    /// <summary>Records in here, counted without decoding them.</summary>
    public int Records => records;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } rented) ArrayPool<byte>.Shared.Return(rented);
    }
}

/// <summary>
/// Finds where records end, without decoding them: the independent count of the row equation. Follows the dialect's law to the letter.
/// Implementations hold no state, any thread may call.
/// </summary>
internal interface IRecordSplitter
{
    /// <summary>Counts the whole records at the start of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">Starts at a record's first byte.</param>
    /// <param name="atEnd">No bytes follow: all bytes are consumed, what is open is a record.</param>
    SplitResult Split(ReadOnlySpan<byte> bytes, bool atEnd);
}

/// <param name="Consumed">Bytes up to the end of the last whole record.</param>
/// <param name="Records">Records in them.</param>
internal readonly record struct SplitResult(int Consumed, int Records);
