using System.Globalization;

namespace FlowForge.Lake.Writing;

/// <summary>The settings of a COPY that writes rows as Parquet.</summary>
public static class ParquetSettings
{
    // Of a row group of 122,880 rows. DuckDB's own limit is twice as high: until then it hashes the values of a column that has a new one in every row, only to write them plainly in the end.
    // That is a sixth of the processor time of a COPY with such columns; columns between the two limits become a little larger.
    internal const int LargestDictionary = 10_000;

    /// <summary>What goes into the parentheses of a COPY.</summary>
    /// <param name="compression"><c>zstd</c>, <c>snappy</c>, <c>gzip</c> or <c>none</c>.</param>
    /// <param name="dictionary">Dictionaries of more values than this are not worth a try; null for the usual limit, which no wish raises.</param>
    public static string Of(string compression, long? dictionary = null) =>
        string.Create(CultureInfo.InvariantCulture, $"FORMAT parquet, COMPRESSION {(compression == "none" ? "uncompressed" : compression)}, DICTIONARY_SIZE_LIMIT {Math.Min(dictionary ?? LargestDictionary, LargestDictionary)}");
}
