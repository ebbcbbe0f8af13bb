using System.IO.Compression;
using System.Text;
using System.Xml;
using FlowForge.Plugins.Shared;

namespace FlowForge.Plugins.Formats.Excel;

/// <summary>A workbook: which parts it has, the sheet that is meant, the formats of its cells and the texts that they share.</summary>
internal sealed class Workbook : IDisposable
{
    private const int MostChars = 1_000_000;
    private const long Free = 256L << 20;
    private const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    private readonly Stream _stream;
    private readonly ZipArchive _zip = null!;
    private readonly int _ratio;
    private readonly List<NumberKind> _formats = [];

    public Workbook(FormatFile file, ExcelSpec spec)
    {
        (_stream, _ratio, Texts) = (file.OpenSeekable(), spec.MaxUnpackRatio, new TextStore(file.TemporaryFolder));
        try
        {
            CheckKind();
            _zip = new ZipArchive(_stream, ZipArchiveMode.Read);
            Sheet = FindSheet(spec.Sheet);
            ReadFormats();
            ReadTexts();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public TextStore Texts { get; }
    public bool Since1904 { get; private set; }

    /// <summary>The part that holds the sheet.</summary>
    public string Sheet { get; }

    /// <summary>What numbers of a cell style are.</summary>
    public NumberKind FormatOf(int style) => (uint)style < (uint)_formats.Count ? _formats[style] : NumberKind.Number;

    /// <summary>Opens a part; null when the workbook has none of the name. The caller disposes it.</summary>
    public XmlReader? Open(string part)
    {
        if (_zip.GetEntry(part) is not { } entry) return null;
        var limited = new LimitedStream(new ZipEntryStream(entry), Math.Max(Free, entry.CompressedLength * _ratio), part);
        return XmlReader.Create(limited, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, CloseInput = true });
    }

    private void CheckKind()
    {
        Span<byte> start = stackalloc byte[8];
        var read = _stream.ReadAtLeast(start, 8, throwOnEndOfStream: false);
        _stream.Position = 0;
        if (read == 8 && start.SequenceEqual<byte>([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]))
            throw new BrokenFileException("OLD_EXCEL", "The file is an old workbook (.xls), or one that is locked with a password.", "Save it as .xlsx without a password.");
        if (read < 4 || start[0] != 'P' || start[1] != 'K') throw new BrokenFileException("BROKEN_EXCEL", "The file is no workbook: it is not packed as one.", "Fetch it again, or correct the job's format.");
    }

    private string FindSheet(string wanted)
    {
        var sheets = new List<(string Name, string Id, bool IsHidden)>();
        using (var reader = Open("xl/workbook.xml") ?? throw new InvalidDataException("it has no xl/workbook.xml."))
        {
            while (reader.Advance())
            {
                if (reader.NodeType != XmlNodeType.Element) continue;
                if (reader.LocalName == "workbookPr") Since1904 = reader.GetAttribute("date1904") is "1" or "true";
                if (reader.LocalName == "sheet") sheets.Add((reader.GetAttribute("name") ?? "", reader.GetAttribute("id", Relations) ?? reader.GetAttribute("r:id") ?? "", reader.GetAttribute("state") is "hidden" or "veryHidden"));
            }
        }
        var targets = Targets();
        sheets.RemoveAll(s => !targets.ContainsKey(s.Id));
        var found = wanted.Length == 0 ? sheets.FirstOrDefault(s => !s.IsHidden)
            : sheets.FirstOrDefault(s => string.Equals(s.Name, wanted, StringComparison.OrdinalIgnoreCase)) is { Name: not null } named ? named
            : int.TryParse(wanted, out var number) && number >= 1 && number <= sheets.Count ? sheets[number - 1] : default;
        return found.Name is not null ? targets[found.Id]
            : throw new BrokenFileException("NO_SHEET", wanted.Length == 0 ? "The workbook has no sheet that is not hidden." : $"The workbook has no sheet '{wanted}'. Its sheets are: {string.Join(", ", sheets.Select(s => s.Name))}.", "Correct the setting sheet.");
    }

    private Dictionary<string, string> Targets()
    {
        var targets = new Dictionary<string, string>(StringComparer.Ordinal);
        using var reader = Open("xl/_rels/workbook.xml.rels") ?? throw new InvalidDataException("it has no list of its sheets.");
        while (reader.Advance())
        {
            if (reader.NodeType != XmlNodeType.Element || reader.LocalName != "Relationship" || reader.GetAttribute("Type")?.EndsWith("/worksheet", StringComparison.Ordinal) != true) continue;
            var target = reader.GetAttribute("Target") ?? "";
            targets[reader.GetAttribute("Id") ?? ""] = target.StartsWith('/') ? target[1..] : "xl/" + target;
        }
        return targets;
    }

    private void ReadFormats()
    {
        using var reader = Open("xl/styles.xml");
        if (reader is null) return;
        var own = new Dictionary<int, NumberKind>();
        var inCells = false;
        while (reader.Advance())
        {
            if (reader.LocalName == "cellXfs") inCells = reader.NodeType == XmlNodeType.Element && !reader.IsEmptyElement;
            if (reader.NodeType != XmlNodeType.Element) continue;
            if (reader.LocalName == "numFmt" && int.TryParse(reader.GetAttribute("numFmtId"), out var id)) own[id] = NumberFormats.Of(reader.GetAttribute("formatCode") ?? "");
            if (inCells && reader.LocalName == "xf") _formats.Add(int.TryParse(reader.GetAttribute("numFmtId"), out var used) ? own.TryGetValue(used, out var kind) ? kind : NumberFormats.BuiltIn(used) : NumberKind.Number);
        }
    }

    private void ReadTexts()
    {
        using var reader = Open("xl/sharedStrings.xml");
        if (reader is null) return;
        while (reader.Advance())
            if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "si") Texts.Add(TextOf(reader));
    }

    /// <summary>The text of the element that the reader stands on, without what only says how to pronounce it; the reader is at its end afterwards.</summary>
    public static string TextOf(XmlReader reader)
    {
        if (reader.IsEmptyElement) return "";
        var depth = reader.Depth;
        var pieces = new StringBuilder();
        while (reader.Advance() && reader.Depth > depth)
        {
            if (reader.NodeType == XmlNodeType.Element && reader.LocalName == "rPh" && !reader.IsEmptyElement)
            {
                var inner = reader.Depth;
                while (reader.Advance() && reader.Depth > inner) { }
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace && reader.Depth > depth + 1) Append(pieces, reader.Value);
        }
        var text = pieces.ToString();
        return text.Contains("_x", StringComparison.Ordinal) ? XmlConvert.DecodeName(text) : text;
    }

    /// <summary>Adds a piece to a text; one that is much longer than Excel's own texts are is a trap.</summary>
    public static void Append(StringBuilder text, string piece)
    {
        if (text.Length + (long)piece.Length > MostChars) throw new InvalidDataException($"a text of it has more than {MostChars} characters.");
        text.Append(piece);
    }

    public void Dispose()
    {
        _zip?.Dispose();
        _stream.Dispose();
        Texts.Dispose();
    }
}
