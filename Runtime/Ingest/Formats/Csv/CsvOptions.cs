using FlowForge.Plugins;

namespace FlowForge.Ingest.Formats.Csv;

/// <summary>What a job may say in <c>config</c> about its CSV files. What is not said is found out from each file.</summary>
internal sealed record CsvOptions
{
    [Setting("Stands between values, 1 to 4 characters; \\t for a tab. Found out when absent", Minimum = 1, Maximum = 4)]
    public string? Delimiter { get; init; }

    [Setting("Stands around values that hold delimiters or line breaks; empty for none. Found out when absent", Maximum = 1)]
    public string? Quote { get; init; }

    [Setting("Makes the next character plain inside quotes; the quote itself when doubled. Found out when absent", Maximum = 1)]
    public string? Escape { get; init; }

    [Setting("Whether the first record holds the column names. Found out when absent")]
    public bool? Header { get; init; }

    [Setting("Lines to leave out at the start. Found out when absent", Minimum = 0)]
    public int? Skip { get; init; }

    [Setting("Lines that start with this character are left out", Maximum = 1)]
    public string? Comment { get; init; }

    [Setting("Unquoted texts that mean NULL")]
    public IReadOnlyList<string> NullStrings { get; init; } = [""];

    [Setting("Rows with too few values end in NULLs instead of being rejected")]
    public bool NullPadding { get; init; }

    [Setting("Stands before the fraction of numbers", Minimum = 1, Maximum = 1)]
    public string DecimalSign { get; init; } = ".";

    [Setting("Stands between groups of digits", Maximum = 1)]
    public string? ThousandsSign { get; init; }

    [Setting("strptime pattern of dates, for columns declared as DATE without a format of their own")]
    public string? DateFormat { get; init; }

    [Setting("strptime pattern of timestamps, for columns declared as such without a format of their own")]
    public string? TimestampFormat { get; init; }
}
