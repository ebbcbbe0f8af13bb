using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Publishing;

/// <summary>The rows that a table has, to be compared with fresh ones: both in the types that the columns have after the commit, for a column may widen in it.</summary>
/// <param name="table">The table as it is.</param>
/// <param name="rows">Columns of the fresh rows.</param>
internal sealed class KnownRows(TableSnapshot table, TableSchema rows)
{
    public bool Has(string column) => table.Schema.Find(column) is not null;

    /// <summary>The columns of the table's rows, for FROM.</summary>
    /// <param name="withRun">Adds <c>_ff_run</c>.</param>
    public string Select(IEnumerable<string> columns, bool withRun = false) =>
        $"(SELECT {string.Join(", ", columns.Select(c => $"CAST({SqlText.Identifier(c)} AS {TypeOf(c)}) AS {SqlText.Identifier(c)}"))}{(withRun ? ", _ff_run" : "")} FROM {table.ScanSql(withReserved: withRun)})";

    /// <summary>The value of a row called <c>fresh</c>.</summary>
    public string Fresh(string column) => $"CAST(fresh.{SqlText.Identifier(column)} AS {TypeOf(column)})";

    /// <summary>A condition for equal values in rows called <c>fresh</c> and <c>known</c>.</summary>
    public string AreEqual(IEnumerable<string> columns, bool nullsToo = false) =>
        string.Join(" AND ", columns.Select(c => $"{Fresh(c)} {(nullsToo ? "IS NOT DISTINCT FROM" : "=")} known.{SqlText.Identifier(c)}").DefaultIfEmpty("true"));

    private string TypeOf(string column)
    {
        var known = table.Schema.Find(column)!;
        return rows.Find(column) is { } fresh && !TypeFit.Fits(fresh.Type, known.Type) ? fresh.DuckType : known.DuckType;
    }
}
