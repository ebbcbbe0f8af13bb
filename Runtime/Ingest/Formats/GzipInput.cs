using System.Buffers.Binary;
using System.IO.Compression;
using FlowForge.Plugins.Shared;

namespace FlowForge.Ingest.Formats;

/// <summary>
/// Unpacks gzip and notices a file that was cut off, which the platform's stream passes for a whole one: every member ends with the length of what
/// is in it.
/// </summary>
internal sealed class GzipInput(Stream packed, string path) : ReadingStream(new GZipStream(packed, CompressionMode.Decompress))
{
    private const int ChunkBytes = 1 << 16;
    private const int SmallestMember = 18;
    private const int MostTries = 8;
    private long _total;

    public override int Read(Span<byte> buffer)
    {
        try
        {
            var read = Inner.Read(buffer);
            _total += read;
            if (read == 0 && buffer.Length > 0 && !EndsWhole()) throw new InvalidDataException("its end is missing.");
            return read;
        }
        catch (InvalidDataException e)
        {
            throw new UnreadableFileException("BROKEN_ARCHIVE", $"The file is damaged or cut off (gzip): {e.Message}", "Fetch the file again.", e);
        }
    }

    private bool EndsWhole()
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // Nothing can be told of a file shorter than an empty member.
        if (file.Length < SmallestMember) return false;
        Span<byte> end = stackalloc byte[4];
        file.Seek(-4, SeekOrigin.End);
        file.ReadExactly(end);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(end);
        return length == (uint)_total || LastMemberHas(file, length);
    }

    /// <summary>
    /// Several members may stand in one file; then the last length is that of the last member only. Looks for its beginning from the file's end: the
    /// first place that unpacks to the end is the last member, and the few behind it stand for bytes of data that look like a beginning.
    /// </summary>
    private static bool LastMemberHas(FileStream file, uint length)
    {
        var buffer = new byte[ChunkBytes + 2];
        var tried = 0;
        for (var end = file.Length; end > 0; end -= ChunkBytes)
        {
            var start = Math.Max(0, end - ChunkBytes);
            file.Seek(start, SeekOrigin.Begin);
            var filled = file.ReadAtLeast(buffer.AsSpan(0, (int)(end - start) + 2), (int)(end - start) + 2, throwOnEndOfStream: false);
            for (var i = Math.Min((int)(end - start), filled - 2) - 1; i >= 0; i--)
            {
                if (buffer[i] != 0x1f || buffer[i + 1] != 0x8b || buffer[i + 2] != 8 || file.Length - (start + i) < SmallestMember) continue;
                switch (LengthFrom(file, start + i))
                {
                    case { } whole when whole == length: return true;
                    case not null when ++tried == MostTries: return false;
                }
            }
        }
        return false;
    }

    /// <summary>How long that is which unpacks from here to the file's end, modulo 2^32 as members count; null when nothing begins here.</summary>
    private static uint? LengthFrom(FileStream file, long start)
    {
        file.Seek(start, SeekOrigin.Begin);
        using var gzip = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        var buffer = new byte[ChunkBytes];
        long total = 0;
        try
        {
            while (gzip.Read(buffer) is > 0 and var read) total += read;
            return (uint)total;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
