using System.Buffers;

namespace FlowForge.Ingest.Formats;

/// <summary>The beginning of a decoded file.</summary>
/// <param name="Bytes">Without a byte order mark.</param>
/// <param name="IsWhole">Whether this is all of the file.</param>
internal sealed record FileSample(ReadOnlyMemory<byte> Bytes, bool IsWhole)
{
    public const int Size = 1 << 20;

    /// <summary>Up to the last line end, so that no line is cut.</summary>
    public ReadOnlySpan<byte> WholeLines
    {
        get
        {
            var bytes = Bytes.Span;
            var end = bytes.LastIndexOfAny((byte)'\n', (byte)'\r');
            return IsWhole || end < 0 ? bytes : bytes[..(end + 1)];
        }
    }

    public static FileSample Of(Stream stream)
    {
        // A job may have a hundred thousand files of a few lines: each takes what it needs.
        var buffer = ArrayPool<byte>.Shared.Rent(Size);
        try
        {
            var filled = stream.ReadAtLeast(buffer.AsSpan(0, Size), Size, throwOnEndOfStream: false);
            return new FileSample(buffer.AsSpan(0, filled).ToArray(), filled < Size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
