using System.IO.Compression;

namespace FlowForge.Plugins.Shared;

/// <summary>
/// The unpacked bytes of a zip archive's entry, held against the length and the CRC-32 that the archive's directory states for it; <see cref="ZipArchiveEntry.Open()"/> looks at neither, so that damaged bytes that still unpack
/// would pass (<see href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">APPNOTE</see> 4.4.7). This file is compiled into each project that needs it.
/// </summary>
internal sealed class ZipEntryStream(ZipArchiveEntry entry) : ReadingStream(entry.Open())
{
    private uint _sum;
    private long _length;

    /// <exception cref="InvalidDataException">At the end: the bytes are not those that were packed.</exception>
    public override int Read(Span<byte> buffer)
    {
        var read = Inner.Read(buffer);
        if (read == 0 && buffer.Length > 0) Check();
        _length += read;
        _sum = Crc32.Add(_sum, buffer[..read]);
        return read;
    }

    private void Check()
    {
        if (_length != entry.Length) throw new InvalidDataException($"{entry.FullName} unpacks to {_length} bytes, the archive's directory says {entry.Length}.");
        if (_sum != entry.Crc32) throw new InvalidDataException($"the checksum of {entry.FullName} is {_sum:x8}, the archive's directory says {entry.Crc32:x8}.");
    }
}
