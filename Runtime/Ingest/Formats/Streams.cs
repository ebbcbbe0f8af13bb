using System.Text;
using FlowForge.Plugins.Shared;

namespace FlowForge.Ingest.Formats;

/// <summary>Lets the first bytes be looked at before they are read.</summary>
internal sealed class PeekStream(Stream inner) : ReadingStream(inner)
{
    private byte[] _ahead = [];

    /// <summary>Whether it gives a file's own bytes.</summary>
    public bool IsUntouched => Inner is FileStream or CountingStream;

    public ReadOnlySpan<byte> Peek(int count)
    {
        var bytes = new byte[count];
        var read = Inner.ReadAtLeast(bytes, count, throwOnEndOfStream: false);
        _ahead = bytes[..read];
        return _ahead;
    }

    public void Skip(int count) => _ahead = _ahead[count..];

    public override int Read(Span<byte> buffer)
    {
        if (_ahead.Length == 0) return Inner.Read(buffer);
        var count = Math.Min(buffer.Length, _ahead.Length);
        _ahead.AsSpan(0, count).CopyTo(buffer);
        _ahead = _ahead[count..];
        return count;
    }
}

/// <summary>Tells how many bytes were read.</summary>
internal sealed class CountingStream(Stream inner, Action<int> consumed) : ReadingStream(inner)
{
    public override int Read(Span<byte> buffer)
    {
        var read = Inner.Read(buffer);
        consumed(read);
        return read;
    }
}

/// <summary>Turns the errors of unpacking and transcoding into those of the file.</summary>
internal sealed class UnpackedStream(Stream inner, string coding, IDisposable? owner = null) : ReadingStream(inner)
{
    public override int Read(Span<byte> buffer)
    {
        try { return Inner.Read(buffer); }
        catch (Exception e) when (e is InvalidDataException or DecoderFallbackException or EndOfStreamException)
        {
            throw new UnreadableFileException("BROKEN_" + (e is DecoderFallbackException ? "ENCODING" : "ARCHIVE"), $"The file is damaged or cut off ({coding}): {e.Message}", "Fetch the file again.", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) owner?.Dispose();
    }
}

/// <summary>Ends the reading of an archive that becomes much larger than it is: it was made to fill disks.</summary>
/// <param name="inner">What comes out of it.</param>
/// <param name="packed">Bytes that it has itself.</param>
/// <param name="ratio">How many times that it may become, beyond <see cref="Free"/>.</param>
internal sealed class BoundedStream(Stream inner, long packed, int ratio) : ReadingStream(inner)
{
    /// <summary>So much is allowed in any case.</summary>
    public const long Free = 1L << 30;

    private readonly long _limit = Math.Max(Free, packed * ratio);
    private long _total;

    public override int Read(Span<byte> buffer)
    {
        var read = Inner.Read(buffer);
        _total += read;
        return _total <= _limit ? read
            : throw new UnreadableFileException("UNPACKED_TOO_LARGE", $"The file has {packed} bytes and becomes more than {_limit} when it is unpacked.", "If it is sound, raise max_unpack_ratio.");
    }
}
