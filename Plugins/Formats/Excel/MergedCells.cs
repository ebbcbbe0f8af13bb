using System.Xml;

namespace FlowForge.Plugins.Formats.Excel;

/// <summary>The merged ranges of a sheet and the values of their first cells. They stand behind the rows, so the sheet is gone through once for them alone.</summary>
internal sealed class MergedCells(List<CellRange> ranges)
{
    private const int Most = 1_000_000;
    private readonly List<(CellRange Range, Cell Value)> _open = [];
    private readonly ILookup<(int, int), CellRange> _byStart = ranges.ToLookup(r => (r.Top, r.Left));

    public static MergedCells Read(Workbook book)
    {
        var ranges = new List<CellRange>();
        using var reader = SheetRows.Open(book);
        while (reader.Advance())
        {
            if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "sheetData" && !reader.IsEmptyElement) reader.Skip();
            if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "mergeCell" && reader.GetAttribute("ref") is { } range) ranges.Add(CellRange.Parse(range));
            if (ranges.Count > Most) throw new InvalidDataException($"it has more than {Most} merged ranges.");
        }
        return new MergedCells(ranges);
    }

    /// <summary>Keeps the value of a cell that begins a range.</summary>
    public void Note(int row, Cell cell)
    {
        foreach (var range in _byStart[(row, cell.Column)]) _open.Add((range, cell));
    }

    /// <summary>The values that a row gets from ranges.</summary>
    public IEnumerable<Cell> Of(int row)
    {
        _open.RemoveAll(o => o.Range.Bottom < row);
        foreach (var (range, value) in _open)
            for (var column = range.Left; column <= Math.Min(range.Right, 16_384); column++)
                if (value.Kind != CellKind.Empty) yield return value with { Column = column };
    }
}
