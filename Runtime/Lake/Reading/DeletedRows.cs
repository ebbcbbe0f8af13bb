using System.Buffers.Binary;
using System.Globalization;
using FlowForge.Lake.Files;
using FlowForge.Lake.Log;

namespace FlowForge.Lake.Reading;

/// <summary>Reads a deletion vector (a 64-bit Roaring bitmap with a magic number before it) and writes the condition that keeps the other rows.</summary>
internal static class DeletedRows
{
    private const int Magic = 1681511377;
    private const int OldMagic = 1681511376;
    private const byte FileVersion = 1;
    // A file's rows are counted from 0; DuckDB's bit strings are addressed by 31 bits.
    private const long MostRows = int.MaxValue;

    /// <summary>A condition over <c>file_row_number</c> that holds for the rows that still count.</summary>
    public static string KeepCondition(IFileStore store, DataFile file)
    {
        var rows = Read(store, file.DeletionVector!, file.Path);
        // The shorter of both forms: a list of rows, or one bit a row.
        if (rows.Count == 0) return "true";
        var bits = rows[^1] / 8 + 1;
        if (rows.Count * 8L <= bits * 4 / 3) return $"file_row_number NOT IN ({string.Join(", ", rows.Select(r => r.ToString(CultureInfo.InvariantCulture)))})";
        var bitmap = new byte[bits];
        foreach (var row in rows) bitmap[row / 8] |= (byte)(0x80 >> (int)(row % 8));
        return string.Create(CultureInfo.InvariantCulture,
            $"CASE WHEN file_row_number < {bits * 8} THEN get_bit(CAST(from_base64('{Convert.ToBase64String(bitmap)}') AS BIT), CAST(file_row_number AS INTEGER)) = 0 ELSE true END");
    }

    /// <summary>The rows that no longer count, ascending.</summary>
    /// <exception cref="LakeException">The vector is missing or damaged.</exception>
    public static List<long> Read(IFileStore store, DeletionVector vector, string file)
    {
        try
        {
            var rows = Decode(Bytes(store, vector));
            if (rows.Count != vector.Cardinality) throw new LakeException($"it marks {rows.Count} rows, the log says {vector.Cardinality}");
            if (rows.Count > 0 && rows[^1] >= MostRows) throw new LakeException($"it marks row {rows[^1]}; files of more than {MostRows} rows with deletion vectors are not read here");
            return rows;
        }
        catch (Exception e) when (e is LakeException or ArgumentException or IndexOutOfRangeException or OverflowException or IOException)
        {
            throw new LakeException($"The deletion vector of {file} cannot be read: {e.Message}. Without it deleted rows would come back, so the table is not read. Restore the file from a backup.", e);
        }
    }

    private static byte[] Bytes(IFileStore store, DeletionVector vector)
    {
        if (vector.FileUri is not { } uri) return Z85.Decode(vector.PathOrInline)[..vector.SizeInBytes];
        var path = FilePaths.IsAbsolute(uri) ? (uri.StartsWith("file:", StringComparison.Ordinal) ? new Uri(uri).LocalPath : FilePaths.Decode(uri)) : store.ReadPath(FilePaths.Decode(uri));
        using var file = File.OpenRead(path);
        if (file.ReadByte() != FileVersion) throw new LakeException($"its file {path} is not of version {FileVersion}");
        file.Position = vector.Offset ?? 0;
        Span<byte> number = stackalloc byte[4];
        file.ReadExactly(number);
        var size = BinaryPrimitives.ReadInt32BigEndian(number);
        if (size != vector.SizeInBytes) throw new LakeException($"its file has {size} bytes for it, the log says {vector.SizeInBytes}");
        if (size < 0 || size > file.Length - file.Position) throw new LakeException("its file is cut off");
        var bytes = new byte[size];
        file.ReadExactly(bytes);
        file.ReadExactly(number);
        if (Crc32.Of(bytes) != BinaryPrimitives.ReadUInt32BigEndian(number)) throw new LakeException("its checksum is wrong");
        return bytes;
    }

    private static List<long> Decode(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadInt32BigEndian(bytes) == OldMagic) return DecodeOld(bytes[4..]);
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes) != Magic) throw new LakeException("it does not begin with the magic number 1681511377");
        var buckets = BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]);
        bytes = bytes[12..];
        var rows = new List<long>();
        for (var bucket = 0L; bucket < buckets; bucket++)
        {
            var key = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var roaring = new Roaring32(bytes[4..]);
            roaring.AddTo(rows, (long)key << 32);
            bytes = bytes[(4 + roaring.Length)..];
        }
        return rows;
    }

    // The form of the protocol's own inline example: big-endian, each bitmap with its length before it, the high bits by position.
    private static List<long> DecodeOld(ReadOnlySpan<byte> bytes)
    {
        var rows = new List<long>();
        var count = BinaryPrimitives.ReadInt32BigEndian(bytes);
        bytes = bytes[4..];
        for (var bucket = 0L; bucket < count; bucket++)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(bytes);
            new Roaring32(bytes.Slice(4, size)).AddTo(rows, bucket << 32);
            bytes = bytes[(4 + size)..];
        }
        return rows;
    }
}
