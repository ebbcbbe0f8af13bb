namespace FlowForge.Ingest.Formats.Csv;

/// <summary>How one CSV file is written and where its records begin.</summary>
/// <param name="Dialect">Delimiters and quotes.</param>
/// <param name="Values">NULLs and number signs.</param>
/// <param name="Columns">Names of the columns, unique, in the file's order.</param>
/// <param name="HasHeader">Whether the names come from the file.</param>
/// <param name="DataOffset">Byte at which the first record starts, in the decoded file.</param>
/// <param name="LongestRecord">Bytes that one record may have.</param>
internal sealed record CsvLayout(CsvDialect Dialect, CsvValues Values, IReadOnlyList<string> Columns, bool HasHeader, long DataOffset, int LongestRecord)
{
    /// <summary>Lines at the beginning that were found to be no records, and that nobody said were to be skipped.</summary>
    public int LeftOutLines { get; init; }
}
