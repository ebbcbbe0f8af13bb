using System.Buffers.Binary;

namespace FlowForge.Plugins.Postgres.Decoding;

/// <summary>Where a value lies in a block of rows; a negative length is a null.</summary>
internal readonly record struct FieldPlace(int Start, int Length);

/// <summary>The places of all fields of some rows of a COPY stream; used again for each block.</summary>
internal sealed class RowBlock(int columns, int mostRows)
{
    private readonly FieldPlace[] _places = new FieldPlace[checked(columns * mostRows)];
    private readonly bool[] _hasNulls = new bool[columns];

    /// <summary>Rows in the block.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a value of the column may be null.</summary>
    public bool HasNulls(int column) => _hasNulls[column];

    /// <summary>The column's places begin at its number and come every <see cref="Stride"/>.</summary>
    public ReadOnlySpan<FieldPlace> Places => _places;

    public int Stride => columns;

    /// <summary>Finds the whole rows at the start of some bytes.</summary>
    /// <param name="most">No more rows than this.</param>
    /// <returns>Their length; 0 when no row is whole, or the trailer was reached.</returns>
    public int Find(ReadOnlySpan<byte> bytes, int most)
    {
        Array.Clear(_hasNulls);
        most = Math.Min(most, mostRows);
        var whole = 0;
        for (Count = 0; Count < most; Count++)
        {
            var end = Row(bytes, whole);
            if (end == 0) break;
            whole = end;
        }
        return whole;
    }

    private int Row(ReadOnlySpan<byte> bytes, int at)
    {
        if (bytes.Length - at < 2) return 0;
        int fields = BinaryPrimitives.ReadInt16BigEndian(bytes[at..]);
        if (fields < 0) return 0;
        if (fields != columns) throw new TerminalException($"A row of the server's answer has {fields} fields, not {columns}.");
        at += 2;
        var places = _places.AsSpan(Count * columns, columns);
        for (var i = 0; i < places.Length; i++)
        {
            if (bytes.Length - at < 4) return 0;
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[at..]);
            at += 4;
            places[i] = new FieldPlace(at, length);
            if (length < 0) _hasNulls[i] = true;
            else if (length > bytes.Length - at) return 0;
            else at += length;
        }
        return at;
    }
}
