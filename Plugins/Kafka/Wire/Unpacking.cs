using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using FlowForge.Plugins.Shared;

namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>Unpacks the records of a batch. One thread at a time; what is given holds until the next call.</summary>
internal sealed class Unpacking
{
    /// <summary>No batch becomes more than this: it would be an attack, or a mistake.</summary>
    private const int Most = 512 << 20;
    private static readonly byte[] XerialMagic = [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0];
    private byte[] _buffer = new byte[64 << 10];
    private int _length;

    public ReadOnlySpan<byte> Unpack(int kind, ReadOnlySpan<byte> packed, string where)
    {
        if (kind == 0) return packed;
        _length = 0;
        try
        {
            switch (kind)
            {
                case 1: Gzip(packed); break;
                case 2: Snappy(packed); break;
                case 3: Lz4(packed); break;
                case 4: Zstd(packed); break;
                default: throw new TerminalException($"{where}: messages are packed in a way ({kind}) that is not known.");
            }
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw new TerminalException($"{where}: packed messages cannot be unpacked: {e.Message}", inner: e);
        }
        return _buffer.AsSpan(0, _length);
    }

    private Span<byte> Room(int bytes)
    {
        if (bytes > Most - _length) throw new InvalidDataException($"they become more than {Most >> 20} MB.");
        if (_buffer.Length - _length < bytes) Array.Resize(ref _buffer, (int)Math.Min(Most, Math.Max(_buffer.Length * 2L, _length + (long)bytes)));
        return _buffer.AsSpan(_length);
    }

    private unsafe void Gzip(ReadOnlySpan<byte> packed)
    {
        fixed (byte* first = packed)
        {
            using var stream = new GZipStream(new UnmanagedMemoryStream(first, packed.Length), CompressionMode.Decompress);
            while (stream.Read(Room(1 << 16)) is > 0 and var read) _length += read;
        }
    }

    private void Snappy(ReadOnlySpan<byte> packed)
    {
        if (!packed.StartsWith(XerialMagic))
        {
            Snap(packed);
            return;
        }
        // Java's clients cut the data into blocks.
        for (packed = packed[16..]; packed.Length >= 4;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(packed);
            Snap(packed.Slice(4, length));
            packed = packed[(4 + length)..];
        }
    }

    private void Snap(ReadOnlySpan<byte> packed)
    {
        var size = SnappyBlock.ReadSize(ref packed);
        SnappyBlock.Unpack(packed, Room(size)[..size]);
        _length += size;
    }

    /// <summary>Repeats what stands <paramref name="back"/> bytes before; the two may overlap.</summary>
    private static void Copy(Span<byte> target, int at, int back, int length)
    {
        if (back <= 0 || back > at || length > target.Length - at) throw new InvalidDataException("a repetition leads outside.");
        if (back >= length) target.Slice(at - back, length).CopyTo(target[at..]);
        else for (var n = 0; n < length; n++) target[at + n] = target[at - back + n];
    }

    private void Lz4(ReadOnlySpan<byte> packed)
    {
        while (packed.Length > 7)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(packed) != 0x184D2204) throw new InvalidDataException("this is no LZ4 frame.");
            var flags = packed[4];
            var (blockSums, hasSize, endSum, dictionary) = ((flags & 16) != 0, (flags & 8) != 0, (flags & 4) != 0, (flags & 1) != 0);
            packed = packed[(7 + (hasSize ? 8 : 0) + (dictionary ? 4 : 0))..];
            var frameStart = _length;
            while (true)
            {
                var size = BinaryPrimitives.ReadUInt32LittleEndian(packed);
                packed = packed[4..];
                if (size == 0) break;
                var block = packed[..(int)(size & 0x7fffffff)];
                if ((size & 0x80000000) != 0)
                {
                    block.CopyTo(Room(block.Length));
                    _length += block.Length;
                }
                else Lz4Block(block, frameStart);
                packed = packed[(block.Length + (blockSums ? 4 : 0))..];
            }
            if (endSum) packed = packed[4..];
        }
    }

    private void Lz4Block(ReadOnlySpan<byte> block, int frameStart)
    {
        var i = 0;
        while (i < block.Length)
        {
            int token = block[i++], literals = token >> 4, length = token & 15;
            if (literals == 15) literals += More(block, ref i);
            block.Slice(i, literals).CopyTo(Room(literals));
            i += literals;
            _length += literals;
            if (i == block.Length) return;
            var back = BinaryPrimitives.ReadUInt16LittleEndian(block[i..]);
            i += 2;
            if (length == 15) length += More(block, ref i);
            length += 4;
            Room(length);
            Copy(_buffer.AsSpan(frameStart), _length - frameStart, back, length);
            _length += length;
        }

        static int More(ReadOnlySpan<byte> block, ref int i)
        {
            var sum = 0;
            byte one;
            do sum = checked(sum + (one = block[i++]));
            while (one == 255);
            return sum;
        }
    }

    private unsafe void Zstd(ReadOnlySpan<byte> packed)
    {
        var library = ZstdLibrary.Value;
        var context = library.Create();
        try
        {
            fixed (byte* source = packed)
            {
                var input = new ZstdBuffer { Data = source, Size = (nuint)packed.Length };
                while (true)
                {
                    var room = Room(1 << 17);
                    fixed (byte* target = room)
                    {
                        var output = new ZstdBuffer { Data = target, Size = (nuint)room.Length };
                        var result = library.Decompress(context, &output, &input);
                        if (library.IsError(result) != 0) throw new InvalidDataException("the zstd data is broken.");
                        _length += (int)output.Position;
                        if (input.Position == input.Size && output.Position < output.Size) return;
                    }
                }
            }
        }
        finally
        {
            library.Free(context);
        }
    }

    private static readonly Lazy<Zstandard> ZstdLibrary = new(() => new Zstandard());
}

/// <summary>ZSTD_inBuffer and ZSTD_outBuffer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ZstdBuffer
{
    public byte* Data;
    public nuint Size, Position;
}

/// <summary>The system's libzstd, whose stream functions are the same since 1.3.</summary>
internal sealed unsafe class Zstandard
{
    private static readonly string[] Names = ["libzstd.so.1", "libzstd.so", "libzstd.1.dylib", "/opt/homebrew/lib/libzstd.dylib", "/usr/local/lib/libzstd.dylib", "libzstd.dll", "zstd.dll"];

    public Zstandard()
    {
        var library = Names.Select(n => NativeLibrary.TryLoad(n, out var handle) ? handle : 0).FirstOrDefault(h => h != 0);
        if (library == 0) throw new TerminalException("The messages are packed with zstd, and there is no libzstd on this machine.", "Debian: apt-get install libzstd1; macOS: brew install zstd; Windows: put libzstd.dll beside the plugin.");
        Create = (delegate* unmanaged<nint>)NativeLibrary.GetExport(library, "ZSTD_createDStream");
        Free = (delegate* unmanaged<nint, nuint>)NativeLibrary.GetExport(library, "ZSTD_freeDStream");
        Decompress = (delegate* unmanaged<nint, ZstdBuffer*, ZstdBuffer*, nuint>)NativeLibrary.GetExport(library, "ZSTD_decompressStream");
        IsError = (delegate* unmanaged<nuint, uint>)NativeLibrary.GetExport(library, "ZSTD_isError");
    }

    public readonly delegate* unmanaged<nint> Create;
    public readonly delegate* unmanaged<nint, nuint> Free;
    public readonly delegate* unmanaged<nint, ZstdBuffer*, ZstdBuffer*, nuint> Decompress;
    public readonly delegate* unmanaged<nuint, uint> IsError;
}
