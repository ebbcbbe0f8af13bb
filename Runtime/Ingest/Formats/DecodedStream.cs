using System.Text;
using FlowForge.Duck.Packing;

namespace FlowForge.Ingest.Formats;

/// <summary>Opens a landed file as the UTF-8 that is in it: unpacked, transcoded, without a byte order mark. Streams all the way.</summary>
internal static class DecodedStream
{
    static DecodedStream() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <param name="path">The file as it was landed.</param>
    /// <param name="options">Packing and encoding, where they are said.</param>
    /// <param name="consumed">Told the bytes of the file that were read, for progress; may be null.</param>
    /// <exception cref="UnreadableFileException">The packing or the encoding is not what it should be.</exception>
    public static Stream Open(string path, FileSettings options, Action<int>? consumed = null)
    {
        var stream = OpenBytes(path, options, null, consumed);
        try { return Decode(new PeekStream(stream), options.Encoding); }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Opens a landed file as it was before it was packed.</summary>
    /// <param name="isOwnArchive">Whether a zip archive is a file of the format itself and is left alone; null when none is.</param>
    public static Stream OpenBytes(string path, FileSettings options, Func<string, bool>? isOwnArchive, Action<int>? consumed)
    {
        if (ArchiveMember.Parse(path) is { } member) return new BoundedStream(member.Open(consumed, isOwnArchive is not null), member.Size, options.MaxUnpackRatio);
        Stream stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan });
        try
        {
            var size = stream.CanSeek ? stream.Length : 0;
            if (consumed is not null) stream = new CountingStream(stream, consumed);
            return Unpack(new PeekStream(stream), options, path, size, isOwnArchive);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static Stream Unpack(PeekStream stream, FileSettings options, string path, long size, Func<string, bool>? isOwnArchive)
    {
        var start = stream.Peek(4);
        var found = start switch
        {
            [0x1f, 0x8b, ..] => Packing.Gzip,
            [(byte)'P', (byte)'K', 3, 4] or [(byte)'P', (byte)'K', 5, 6] => Packing.Zip,
            [0x28, 0xb5, 0x2f, 0xfd] => Packing.Zstd,
            _ => Packing.None,
        };
        if (found == Packing.Zip && isOwnArchive?.Invoke(path) == true) return stream;
        var packing = options.Compression ?? found;
        if (packing is not Packing.None && packing != found && start.Length > 0)
            throw new UnreadableFileException("WRONG_COMPRESSION", $"The file is not packed with {packing.ToString().ToLowerInvariant()}.", "Leave compression out: it is known by the file's first bytes.");
        if (packing == Packing.None) return stream;
        return new BoundedStream(packing switch
        {
            Packing.Gzip => new GzipInput(stream, path),
            Packing.Zip => OpenZip(stream, path, options.Members, isOwnArchive is not null),
            _ => OpenZstd(stream),
        }, size, options.MaxUnpackRatio);
    }

    private static UnpackedStream OpenZstd(PeekStream stream)
    {
        try { return new UnpackedStream(new ZstdStream(stream), "zstd"); }
        catch (PlatformNotSupportedException e) { throw new UnreadableFileException("UNKNOWN_COMPRESSION", e.Message, "Or pack the file with gzip."); }
    }

    /// <summary>The only file of the archive; more of them are files of their own by now. The directory is at the end, so the file is opened anew.</summary>
    private static Stream OpenZip(PeekStream stream, string path, string? pattern, bool mayBeZip)
    {
        stream.Dispose();
        var members = ArchiveMember.Of(path, pattern);
        if (members.Count == 0) throw new UnreadableFileException("EMPTY_ARCHIVE", $"The archive holds no files{(pattern is null ? "" : $" that fit members: {pattern}")}.");
        if (members.Count > 1) throw new UnreadableFileException("SEVERAL_MEMBERS", $"The archive holds {members.Count} files, and one is to be read.", "Load the archive again with config.reload, or choose one of its files with members.");
        return members[0].Open(null, mayBeZip);
    }

    private static Stream Decode(PeekStream stream, string? said)
    {
        var start = stream.Peek(4);
        var mark = start switch
        {
            [0xef, 0xbb, 0xbf, ..] => (Encoding: (Encoding)Utf8, Length: 3),
            [0xff, 0xfe, ..] => (new UnicodeEncoding(false, false, true), 2),
            [0xfe, 0xff, ..] => (new UnicodeEncoding(true, false, true), 2),
            // Without a mark, but every file begins with characters of ASCII: a delimiter, a bracket, a name.
            [not 0, 0, not 0, 0] when said is null => (new UnicodeEncoding(false, false, true), 0),
            [0, not 0, 0, not 0] when said is null => (new UnicodeEncoding(true, false, true), 0),
            _ => (Utf8, 0),
        };
        stream.Skip(mark.Length);
        var encoding = said is null || mark.Length > 0 ? mark.Encoding : Named(said);
        return encoding.CodePage == Utf8.CodePage ? stream : new UnpackedStream(Encoding.CreateTranscodingStream(stream, encoding, Utf8), encoding.WebName);
    }

    private static readonly UTF8Encoding Utf8 = new(false);

    private static Encoding Named(string name)
    {
        switch (name.ToLowerInvariant().Replace("_", "-", StringComparison.Ordinal))
        {
            case "utf-8" or "utf8": return Utf8;
            case "utf-16" or "utf16" or "utf-16le": return new UnicodeEncoding(false, false, true);
            case "utf-16be": return new UnicodeEncoding(true, false, true);
            case "latin-1" or "latin1" or "iso-8859-1": return Encoding.Latin1;
        }
        try { return Encoding.GetEncoding(name, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback); }
        catch (ArgumentException) { throw new UnreadableFileException("UNKNOWN_ENCODING", $"The encoding '{name}' is not known.", "Use utf-8, utf-16, utf-16be, latin-1, windows-1252 or another registered name."); }
    }
}
