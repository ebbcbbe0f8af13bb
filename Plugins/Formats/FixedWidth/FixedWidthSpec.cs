namespace FlowForge.Plugins.Formats.FixedWidth;

/// <summary>Which blanks at the edges of a value are taken off.</summary>
public enum Trim { Both, Left, Right, None }

/// <summary>What becomes of a line that ends before its last column does.</summary>
public enum ShortLines { Reject, Fill }

/// <summary>What becomes of a line that goes on behind its last column.</summary>
public enum LongLines { Reject, Cut }

/// <summary>What the reader of fixed-width text is told.</summary>
public sealed record FixedWidthSpec
{
    [Setting("The columns by name, each with its first and last position, counted from 1: 1-5. One position is 7, and 31- goes to the end of the line", Example = "id: 1-5", Minimum = 1)]
    public required IReadOnlyDictionary<string, string> Columns { get; init; }

    [Setting("Blanks that are taken off the values: both, left, right, none. What is empty then is no value")]
    public Trim Trim { get; init; }

    [Setting("Lines at the beginning of each file that are passed over", Minimum = 0, Maximum = 1_000_000)]
    public int Skip { get; init; }

    [Setting("Lines that begin with this are passed over", Example = "#")]
    public string Comment { get; init; } = "";

    [Setting("What becomes of a line that ends before its last column begins to be filled: reject, or fill (what is missing is no value)")]
    public ShortLines ShortLines { get; init; }

    [Setting("What becomes of a line that goes on behind its last column: reject, or cut")]
    public LongLines LongLines { get; init; } = LongLines.Cut;

    [Setting("Values that mean no value", Example = "9999")]
    public IReadOnlyList<string> NullStrings { get; init; } = [];

    [Setting("Character encoding: utf-8, latin-1, windows-1252 or another one in which a line end is one byte. Positions count characters")]
    public string Encoding { get; init; } = "utf-8";

    [Setting("Bytes of a record in files without line ends, the last one included; 0 where lines end", Minimum = 0, Maximum = 1 << 20)]
    public int RecordBytes { get; init; }
}
