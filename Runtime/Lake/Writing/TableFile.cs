using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>
/// A Parquet file in the form that a table's files have, written before there was a transaction: <see cref="TableTransaction.TryAdopt"/> makes it part of a table without
/// writing its rows again. It must never be changed; the table gets a second name (hard link) of it.
/// </summary>
/// <param name="LocalPath">Where it lies.</param>
/// <param name="Columns">Its columns, in order.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="Statistics">Delta's statistics of it, JSON.</param>
public sealed record TableFile(string LocalPath, TableSchema Columns, long Rows, string Statistics)
{
    /// <summary>Writes the rows of a query to one file.</summary>
    /// <param name="session">Where the query runs.</param>
    /// <param name="selectSql">A SELECT whose columns are <paramref name="columns"/>, with their types.</param>
    /// <param name="columns">None of them a partition column.</param>
    /// <param name="path">The file; it must not exist.</param>
    /// <param name="compression"><c>zstd</c>, <c>snappy</c>, <c>gzip</c> or <c>none</c>.</param>
    /// <param name="ct">Interrupts; the file may be left half written.</param>
    public static TableFile Write(DuckSession session, string selectSql, TableSchema columns, string path, string compression, CancellationToken ct)
    {
        using var behind = new WriteBehind(Path.GetDirectoryName(path)!, Path.GetFileName(path));
        var row = session.Rows($"COPY ({selectSql}) TO {SqlText.Literal(path)} ({ParquetSettings.Of(compression)}, RETURN_STATS)", ct).Single();
        var rows = Convert.ToInt64(row[1], CultureInfo.InvariantCulture);
        return new TableFile(path, columns, rows, new FileStatistics(columns, []).Write(rows, row[4]));
    }

    /// <summary>True when a column of this DuckDB type lies in a table's file exactly as DuckDB writes it.</summary>
    public static bool IsPlain(string duckType) => DuckTypes.ToDelta(duckType).DuckType == duckType.Replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", StringComparison.Ordinal);
}
