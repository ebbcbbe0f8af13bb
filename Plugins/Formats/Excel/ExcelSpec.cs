namespace FlowForge.Plugins.Formats.Excel;

/// <summary>What the other cells of a merged range hold.</summary>
public enum Merged { First, Fill }

/// <summary>What the Excel reader is told.</summary>
public sealed record ExcelSpec
{
    [Setting("Which sheet is read: its name, or its number from 1. Without it the first one that is not hidden", Example = "Orders")]
    public string Sheet { get; init; } = "";

    [Setting("Which cells are read, as B3:F100; B3:F goes down to the last row. Without it all of the sheet", Example = "B3:F100", Pattern = "[A-Za-z]{1,3}[0-9]+:[A-Za-z]{1,3}[0-9]*")]
    public string? Range { get; init; }

    [Setting("Row of the sheet, from 1, that names the columns; 0 when none does: the columns are then A, B, C. Without it the first row that is not empty", Minimum = 0, Maximum = 1_048_576)]
    public int? HeaderRow { get; init; }

    [Setting("What the cells of a merged range hold: first (its first cell alone has the value), or fill (all of them have it)")]
    public Merged Merged { get; init; }

    [Setting("How many times its packed size a part of the file may become, beyond 256 MB: a guard against files made to fill the memory", Minimum = 1, Maximum = 100_000)]
    public int MaxUnpackRatio { get; init; } = 250;
}
