using System.Runtime.CompilerServices;
using System.Xml;

namespace FlowForge.Plugins.Formats.Excel;

/// <summary>One sheet of Excel workbooks (.xlsx, .xlsm). Rows are read one after the other, formulas by the values that Excel kept.</summary>
[Format("excel", Title = "Excel", Description = "One sheet of Excel workbooks (.xlsx, .xlsm).", Endings = ["xlsx", "xlsm"], ZipMark = "[Content_Types].xml")]
public sealed class ExcelFormat(ConnectorContext<ExcelSpec> context) : IRecordFormat
{
    public async IAsyncEnumerable<FormatPage> ReadAsync(FormatFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var book = Guarded(() => new Workbook(file, context.Settings));
        using var page = new JsonPage();
        using var rows = Guarded(() => new SheetRows(book, context.Settings));
        var records = new ExcelRecords(context.Settings, page);
        while (Guarded(rows.Next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            records.Add(rows);
            if (!page.IsFull) continue;
            yield return page.Take();
            page.Clear();
        }
        if (!page.IsEmpty) yield return page.Take();
        await Task.CompletedTask.ConfigureAwait(false);
    }

    private static T Guarded<T>(Func<T> read)
    {
        try { return read(); }
        catch (Exception e) when (e is XmlException or InvalidDataException or FormatException or OverflowException)
        {
            throw new BrokenFileException("BROKEN_EXCEL", $"The workbook is damaged: {e.Message}", "Open it in Excel and save it again.", e);
        }
    }
}

/// <summary>Makes records of rows: the first one names the columns, unless told otherwise.</summary>
internal sealed class ExcelRecords(ExcelSpec spec, JsonPage page)
{
    private readonly Dictionary<int, string> _names = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private bool _hasHeader = spec.HeaderRow == 0;

    public void Add(SheetRows row)
    {
        if (row.Cells.All(c => c.Kind == CellKind.Empty)) return;
        if (!_hasHeader)
        {
            if (spec.HeaderRow is { } header && row.Number < header) return;
            _hasHeader = true;
            if (spec.HeaderRow is null || row.Number == spec.HeaderRow)
            {
                foreach (var cell in row.Cells.Where(c => c.Kind is not (CellKind.Empty or CellKind.Error))) _names[cell.Column] = Unique(cell.Text.Trim());
                return;
            }
        }
        if (row.Cells.FirstOrDefault(c => c.Kind == CellKind.Error) is { Text: not null } error)
        {
            page.Reject("ERROR_CELL", $"Cell {CellPlace.Name(error.Column)}{row.Number}: {error.Text}", string.Join('\t', row.Cells.Select(c => c.Text)), NameOf(error.Column));
            return;
        }
        page.Json.WriteStartObject();
        foreach (var cell in row.Cells)
        {
            page.Json.WritePropertyName(NameOf(cell.Column));
            switch (cell.Kind)
            {
                case CellKind.Empty: page.Json.WriteNullValue(); break;
                case CellKind.Bare: page.Json.WriteRawValue(cell.Text, skipInputValidation: true); break;
                default: page.Json.WriteStringValue(cell.Text); break;
            }
        }
        page.Json.WriteEndObject();
        page.EndRecord();
    }

    // What stands beyond the header has a column too.
    private string NameOf(int column) => _names.TryGetValue(column, out var name) ? name : _names[column] = Unique(CellPlace.Name(column));

    private string Unique(string name)
    {
        if (name.Length == 0) name = "column";
        var unique = name;
        for (var n = 2; !_taken.Add(unique); n++) unique = $"{name}_{n}";
        return unique;
    }
}
