using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.Formats.Avro;

/// <summary>The blocks of an object container file. One block is held at a time.</summary>
internal sealed class AvroContainer : IDisposable
{
    private const int MostHeaderBytes = 16 << 20;
    private readonly Stream _stream;
    private readonly Func<Stream, Stream> _zstd;
    private readonly int _mostBytes;
    private readonly byte[] _mark = new byte[16];
    private readonly string _codec;
    private long _block;

    public AvroContainer(Stream stream, Func<Stream, Stream> zstd, int mostBytes)
    {
        (_stream, _zstd, _mostBytes) = (new BufferedStream(stream, 1 << 16), zstd, mostBytes);
        try
        {
            Span<byte> magic = stackalloc byte[4];
            var read = _stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false);
            if (IsEmpty = read == 0)
            {
                // Some writers leave a file of no bytes when they are given no record.
                _codec = "null";
                return;
            }
            if (read < 4 || !magic.SequenceEqual("Obj\u0001"u8))
                throw Broken("The file does not begin as an Avro object container file does.", "Messages without a container, as Kafka holds them, are read by the connector of the stream.");
            var facts = Header();
            _stream.ReadExactly(_mark);
            if (!facts.TryGetValue("avro.schema", out var schema)) throw Broken("The file's header has no schema.");
            Schema = Parse(schema);
            _codec = facts.TryGetValue("avro.codec", out var codec) ? Encoding.UTF8.GetString(codec) : "null";
            if (_codec is not ("null" or "deflate" or "snappy" or "zstandard"))
                throw new BrokenFileException("UNKNOWN_CODEC", $"The blocks of the file are packed with {_codec}.", "Write it with null, deflate, snappy or zstandard.");
        }
        catch (EndOfStreamException)
        {
            _stream.Dispose();
            throw Broken("The file ends inside its header.");
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file has no bytes at all.</summary>
    public bool IsEmpty { get; }

    public JsonElement Schema { get; }

    /// <summary>Unpacked bytes of the block.</summary>
    public ReadOnlyMemory<byte> Block { get; private set; }

    /// <summary>Records in the block, by its own count.</summary>
    public long Records { get; private set; }

    /// <summary>Why the block cannot be unpacked, though it stands where it should; null for a sound one.</summary>
    public string? BlockFault { get; private set; }

    /// <summary>Goes to the next block; false at the end of the file.</summary>
    /// <exception cref="BrokenFileException">The blocks cannot be told apart any more.</exception>
    public bool Next()
    {
        var first = _stream.ReadByte();
        if (first < 0) return false;
        _block++;
        try
        {
            Records = Long(first);
            var size = Long(_stream.ReadByte());
            if (Records < 0 || size < 0 || size > _mostBytes) throw Broken($"Block {_block} says that it holds {Records} records in {size} bytes.");
            // A record of no bytes is possible, a thousand million of them are a trap.
            if (Records > Math.Max(1_000_000, size * 8192)) throw Broken($"Block {_block} says that it holds {Records} records in {size} bytes.");
            var packed = new byte[size];
            _stream.ReadExactly(packed);
            Span<byte> mark = stackalloc byte[16];
            _stream.ReadExactly(mark);
            if (!mark.SequenceEqual(_mark)) throw Broken($"Block {_block} does not end with the file's mark.");
            Unpack(packed);
            // Each of its records becomes a reject: so many only as the block may have had.
            if (BlockFault is not null && Records > 64 * (size + 1024)) throw Broken($"{BlockFault} It says that it holds {Records} records in {size} bytes.");
            return true;
        }
        catch (EndOfStreamException)
        {
            throw Broken($"The file ends inside block {_block}: it was cut off.");
        }
    }

    private void Unpack(byte[] packed)
    {
        BlockFault = null;
        try
        {
            Block = _codec switch
            {
                "deflate" => Read(new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress)),
                "zstandard" => Read(_zstd(new MemoryStream(packed))),
                "snappy" => Snappy.Unpack(packed, _mostBytes),
                _ => packed,
            };
        }
        catch (InvalidDataException e)
        {
            (Block, BlockFault) = (default, $"Block {_block} cannot be unpacked ({_codec}): {e.Message}");
        }
    }

    private byte[] Read(Stream unpacked)
    {
        using (unpacked)
        {
            var bytes = new MemoryStream();
            var buffer = new byte[1 << 16];
            while (unpacked.Read(buffer) is > 0 and var read)
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > _mostBytes) throw Broken($"Block {_block} becomes more than {_mostBytes} bytes when it is unpacked.", "If it is sound, raise max_block_bytes.");
            }
            return bytes.ToArray();
        }
    }

    private Dictionary<string, byte[]> Header()
    {
        var facts = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var left = (long)MostHeaderBytes;
        for (var count = Long(_stream.ReadByte()); count != 0; count = Long(_stream.ReadByte()))
        {
            if (count < 0)
            {
                count = -count;
                Long(_stream.ReadByte());
            }
            for (; count > 0; count--) facts[Encoding.UTF8.GetString(Bytes(ref left))] = Bytes(ref left);
        }
        return facts;
    }

    private byte[] Bytes(ref long left)
    {
        var length = Long(_stream.ReadByte());
        if (length < 0 || (left -= length + 1) < 0) throw Broken("The file's header is damaged.");
        var bytes = new byte[length];
        _stream.ReadExactly(bytes);
        return bytes;
    }

    private long Long(int first)
    {
        ulong value = 0;
        var next = first;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (next < 0) throw new EndOfStreamException();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return (long)(value >> 1) ^ -(long)(value & 1);
            next = _stream.ReadByte();
        }
        throw Broken("A number of the file's frame is damaged.");
    }

    private static JsonElement Parse(byte[] schema)
    {
        try { return JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = 128 }).RootElement; }
        catch (JsonException e) { throw Broken($"The file's schema is no JSON: {e.Message}"); }
    }

    private static BrokenFileException Broken(string message, string suggestion = "Fetch or write the file again.") => new("BROKEN_AVRO", message, suggestion);

    public void Dispose() => _stream.Dispose();
}
