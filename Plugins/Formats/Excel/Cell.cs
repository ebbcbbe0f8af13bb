using System.Globalization;

namespace FlowForge.Plugins.Formats.Excel;

internal enum CellKind { Empty, Text, Bare, Error }

/// <summary>A cell's value: text, or a number or truth value as JSON writes it, or what is wrong with it. Columns count from 1.</summary>
internal readonly record struct Cell(int Column, CellKind Kind, string Text);

/// <summary>A rectangle of cells, from 1, both ends included.</summary>
internal readonly record struct CellRange(int Top, int Left, int Bottom, int Right)
{
    public static readonly CellRange All = new(1, 1, int.MaxValue, int.MaxValue);

    public static CellRange Parse(string text)
    {
        var parts = text.Split(':');
        var (top, left) = CellPlace.Parse(parts[0]);
        var (bottom, right) = parts.Length == 1 ? (top, left) : CellPlace.Parse(parts[1]);
        return new CellRange(top, left, bottom == 0 ? int.MaxValue : bottom, right);
    }
}

/// <summary>Places like <c>BC12</c>.</summary>
internal static class CellPlace
{
    /// <summary>Row (0 when the place names none) and column.</summary>
    public static (int Row, int Column) Parse(ReadOnlySpan<char> place)
    {
        var (i, column) = (0, 0);
        for (; i < place.Length && char.IsAsciiLetter(place[i]); i++) column = column * 26 + (place[i] & 31);
        if (column is 0 or > 16_384) throw new FormatException($"\"{place}\" is no cell.");
        return (i == place.Length ? 0 : int.Parse(place[i..], NumberStyles.None, CultureInfo.InvariantCulture), column);
    }

    public static string Name(int column)
    {
        var name = "";
        for (; column > 0; column = (column - 1) / 26) name = (char)('A' + (column - 1) % 26) + name;
        return name;
    }
}
