using System.Globalization;
using System.Text;
using System.Xml;

namespace FlowForge.Plugins.Formats.Excel;

/// <summary>The rows of one sheet, within the range that is read. Cells without a value are not among them, unless a merged range fills them.</summary>
internal sealed class SheetRows : IDisposable
{
    private readonly Workbook _book;
    private readonly XmlReader _reader;
    private readonly CellRange _range;
    private readonly MergedCells? _merged;
    private readonly List<Cell> _cells = [];

    public SheetRows(Workbook book, ExcelSpec spec)
    {
        (_book, _range) = (book, spec.Range is { } range ? CellRange.Parse(range) : CellRange.All);
        if (spec.Merged == Merged.Fill) _merged = MergedCells.Read(book);
        _reader = Open(book);
        while (_reader.Advance() && !(_reader.NodeType == XmlNodeType.Element && _reader.LocalName == "sheetData")) { }
    }

    public int Number { get; private set; }
    public IReadOnlyList<Cell> Cells => _cells;

    public static XmlReader Open(Workbook book) => book.Open(book.Sheet) ?? throw new InvalidDataException($"it has no {book.Sheet}.");

    public bool Next()
    {
        while (_reader.Advance())
        {
            if (_reader.NodeType == XmlNodeType.EndElement && _reader.LocalName == "sheetData") return Ended();
            if (_reader.NodeType != XmlNodeType.Element || _reader.LocalName != "row") continue;
            Number = _reader.GetAttribute("r") is { } row ? int.Parse(row, NumberStyles.None, CultureInfo.InvariantCulture) : Number + 1;
            _cells.Clear();
            if (Number > _range.Bottom) return Ended();
            if (!_reader.IsEmptyElement) ReadCells();
            if (Number < _range.Top) continue;
            return true;
        }
        return false;
    }

    // Only the end of the part tells whether its bytes are those that were packed.
    private bool Ended()
    {
        while (_reader.Advance()) { }
        return false;
    }

    private void ReadCells()
    {
        var depth = _reader.Depth;
        var column = 0;
        while (_reader.Advance() && _reader.Depth > depth)
        {
            if (_reader.NodeType != XmlNodeType.Element || _reader.LocalName != "c") continue;
            column = _reader.GetAttribute("r") is { } place ? CellPlace.Parse(place).Column : column + 1;
            var cell = ReadCell(column);
            _merged?.Note(Number, cell);
            if (column >= _range.Left && column <= _range.Right && cell.Kind != CellKind.Empty) _cells.Add(cell);
        }
        if (_merged is null) return;
        foreach (var filled in _merged.Of(Number))
            if (filled.Column >= _range.Left && filled.Column <= _range.Right && _cells.All(c => c.Column != filled.Column)) _cells.Add(filled);
        _cells.Sort((a, b) => a.Column.CompareTo(b.Column));
    }

    private Cell ReadCell(int column)
    {
        var (type, style) = (_reader.GetAttribute("t"), _reader.GetAttribute("s"));
        string? value = null, inline = null;
        var hasFormula = false;
        if (!_reader.IsEmptyElement)
        {
            var depth = _reader.Depth;
            while (_reader.Advance() && _reader.Depth > depth)
            {
                if (_reader.NodeType != XmlNodeType.Element) continue;
                if (_reader.LocalName == "f") hasFormula = true;
                else if (_reader.LocalName == "is") inline = Workbook.TextOf(_reader);
                else if (_reader.LocalName == "v") value = _reader.IsEmptyElement ? "" : Value();
            }
        }
        if (type == "inlineStr" && inline is not null) return Text(column, inline);
        if (value is null) return hasFormula ? new Cell(column, CellKind.Error, "the formula's value was never kept; open the workbook in Excel and save it.") : new Cell(column, CellKind.Empty, "");
        return type switch
        {
            "s" => Text(column, _book.Texts.Get(int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture))),
            "str" => Text(column, value.Contains("_x", StringComparison.Ordinal) ? XmlConvert.DecodeName(value) : value),
            "d" => Text(column, value),
            "b" => new Cell(column, CellKind.Bare, value is "1" or "true" ? "true" : "false"),
            "e" => new Cell(column, CellKind.Error, $"the value is the error {value}."),
            _ => NumberCell(column, value, style),
        };
    }

    private string Value()
    {
        var depth = _reader.Depth;
        var value = new StringBuilder();
        while (_reader.Advance() && _reader.Depth > depth)
            if (_reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace) Workbook.Append(value, _reader.Value);
        return value.ToString();
    }

    private static Cell Text(int column, string text) => new(column, text.Length == 0 ? CellKind.Empty : CellKind.Text, text);

    private Cell NumberCell(int column, string value, string? style)
    {
        if (value.Length == 0) return new Cell(column, CellKind.Empty, "");
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)) return new Cell(column, CellKind.Error, $"\"{value}\" is no number.");
        var kind = style is null ? NumberKind.Number : _book.FormatOf(int.Parse(style, NumberStyles.None, CultureInfo.InvariantCulture));
        if (kind == NumberKind.Number) return new Cell(column, CellKind.Bare, number.ToString("R", CultureInfo.InvariantCulture));
        return NumberFormats.Text(number, kind, _book.Since1904) is { } text ? new Cell(column, CellKind.Text, text) : new Cell(column, CellKind.Error, $"{value} is no date.");
    }

    public void Dispose() => _reader.Dispose();
}
