using System.Buffers.Binary;
using System.IO.Compression;

namespace FlowForge.Plugins.Shared;

/// <summary>
/// The unpacked bytes of a zip archive's entry, held against the length and the CRC-32 that the archive's directory states for it; <see cref="ZipArchiveEntry.Open()"/> looks at neither, so that damaged bytes that still unpack
/// would pass (<see href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">APPNOTE</see> 4.4.7). This file is compiled into each project that needs it.
/// </summary>
internal sealed class ZipEntryStream(ZipArchiveEntry entry) : Stream
{
    // Table k has what a byte does to the sum when k more bytes follow it: eight bytes are taken at once.
    private static readonly uint[][] Tables = Make();
    private readonly Stream _inner = entry.Open();
    private uint _sum = uint.MaxValue;
    private long _length;

    /// <exception cref="InvalidDataException">At the end: the bytes are not those that were packed.</exception>
    public override int Read(Span<byte> buffer)
    {
        var read = _inner.Read(buffer);
        if (read == 0 && buffer.Length > 0) Check();
        _length += read;
        _sum = Add(_sum, buffer[..read]);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }

    private void Check()
    {
        if (_length != entry.Length) throw new InvalidDataException($"{entry.FullName} unpacks to {_length} bytes, the archive's directory says {entry.Length}.");
        if (~_sum != entry.Crc32) throw new InvalidDataException($"the checksum of {entry.FullName} is {~_sum:x8}, the archive's directory says {entry.Crc32:x8}.");
    }

    private static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var (low, high) = (sum ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
            sum = Tables[7][(byte)low] ^ Tables[6][(byte)(low >> 8)] ^ Tables[5][(byte)(low >> 16)] ^ Tables[4][low >> 24]
                ^ Tables[3][(byte)high] ^ Tables[2][(byte)(high >> 8)] ^ Tables[1][(byte)(high >> 16)] ^ Tables[0][high >> 24];
        }
        foreach (var one in bytes) sum = Tables[0][(byte)(sum ^ one)] ^ sum >> 8;
        return sum;
    }

    private static uint[][] Make()
    {
        var tables = new uint[8][];
        for (var table = 0; table < 8; table++)
        {
            tables[table] = new uint[256];
            for (var value = 0u; value < 256; value++)
            {
                var sum = table == 0 ? value : tables[table - 1][value];
                for (var bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? 0xEDB88320 ^ sum >> 1 : sum >> 1;
                tables[table][value] = sum;
            }
        }
        return tables;
    }
}
