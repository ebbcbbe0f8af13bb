using System.Globalization;
using FlowForge.Duck;

namespace FlowForge.Lake.Writing;

/// <summary>
/// How large dictionaries are worth a try when files are written anew. DuckDB's writer begins a dictionary for every column and gives up at <see cref="ParquetSettings.LargestDictionary"/> values, for each row group again; where
/// the files at hand say that a column has more, that is a sixth of the time for nothing. Only the size and speed of the new files depend on it.
/// </summary>
internal static class DictionarySize
{
    private const int MostFiles = 8;
    private const long RowGroup = 122_880;
    private const long Default = ParquetSettings.LargestDictionary;
    private const long Reserve = 1024;

    /// <summary>Twice the values of the largest dictionary that is usual in the files; null when nothing is known or the usual limit is as good.</summary>
    /// <param name="session">Reads the files' footers.</param>
    /// <param name="paths">Files whose rows are written again, all or most of them; the first ones are looked at.</param>
    /// <param name="ct">Interrupts.</param>
    public static long? Of(DuckSession session, IEnumerable<string> paths, CancellationToken ct)
    {
        var files = string.Join(", ", paths.Take(MostFiles).Select(p => SqlText.Literal(SqlText.GlobSafe(p))));
        if (files.Length == 0) return null;
        // Few rows in a group say little about the dictionary of a full one; other writers do not say how large theirs are. A column whose row groups mostly have none gets on without.
        var row = session.Rows($"""
            SELECT max(largest) FILTER (WHERE 2 * known >= chunks), sum(chunks), sum(unknown) FROM (
                SELECT quantile_disc(stats_distinct_count, 0.9) AS largest, count(stats_distinct_count) AS known, count(*) AS chunks, count(*) FILTER (WHERE dictionary_page_offset IS NOT NULL AND stats_distinct_count IS NULL) AS unknown
                FROM parquet_metadata([{files}]) WHERE row_group_num_rows > {RowGroup / 2} GROUP BY file_name, path_in_schema)
            """, ct)[0];
        var (largest, chunks, unknown) = (Number(row[0]), Number(row[1]), Number(row[2]));
        if (chunks == 0 || unknown > 0) return null;
        return 2 * largest + Reserve is var limit && limit < Default ? limit : null;
    }

    private static long Number(object? value) => value is null ? 0 : Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
