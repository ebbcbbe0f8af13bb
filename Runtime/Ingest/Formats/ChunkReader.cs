using System.Buffers;

namespace FlowForge.Ingest.Formats;

/// <summary>Cuts a stream of bytes into chunks of whole records. Memory: two buffers, each as large as the longest record at most.</summary>
internal static class ChunkReader
{
    public const int ChunkBytes = 1 << 20;

    /// <param name="stream">Positioned at the first record; read to its end, not disposed.</param>
    /// <param name="splitter">Knows where records end.</param>
    /// <param name="offset">Position of the first record in the decoded file.</param>
    /// <param name="longestRecord">Bytes that one record may have.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnreadableFileException">A record is longer than allowed.</exception>
    public static IEnumerable<RecordChunk> Read(Stream stream, IRecordSplitter splitter, long offset, int longestRecord, CancellationToken cancellationToken)
    {
        var record = 1L;
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        var filled = 0;
        var ended = false;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                while (!ended && filled < buffer.Length)
                {
                    var read = stream.Read(buffer, filled, buffer.Length - filled);
                    ended = read == 0;
                    filled += read;
                }
                var split = splitter.Split(buffer.AsSpan(0, filled), ended);
                if (split.Consumed == 0 && !ended)
                {
                    if (filled > longestRecord)
                        throw new UnreadableFileException("RECORD_TOO_LONG", $"Record {record}, which starts at byte {offset}, is longer than {longestRecord} bytes.", "Raise max_record_bytes, or mend the file.");
                    Grow(ref buffer, filled, longestRecord);
                    continue;
                }
                var rest = filled - split.Consumed;
                var next = ArrayPool<byte>.Shared.Rent(Math.Max(ChunkBytes, rest + ChunkBytes / 4));
                buffer.AsSpan(split.Consumed, rest).CopyTo(next);
                var chunk = new RecordChunk(buffer, split.Consumed, offset, record, split.Records, ended);
                (buffer, filled) = (next, rest);
                offset += split.Consumed;
                record += split.Records;
                if (split.Records == 0) chunk.Dispose();
                else yield return chunk;
                if (ended) yield break;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Grow(ref byte[] buffer, int filled, int longestRecord)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(buffer.Length * 2L, Math.Max(longestRecord + 1L, buffer.Length + 1L)));
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
