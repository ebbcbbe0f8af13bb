using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Delivering;

/// <summary>
/// What happened to a table's rows between two versions, by key: only the files that one of them has and the other has not are read. Rows that a merge wrote anew as they were are none.
/// </summary>
internal static class ChangedRows
{
    private const string Table = "ff_changes";

    /// <summary>The changes, found and counted.</summary>
    /// <returns>What to read, how many there are, and that in words.</returns>
    /// <exception cref="Catalog.JobFailedException">The keys do not tell the rows apart.</exception>
    public static (string Sql, long Count, string What) Find(DuckSession session, TableSnapshot table, TableSnapshot before, (IReadOnlyList<DataFile> Gone, IReadOnlyList<DataFile> Came) changed, IReadOnlyList<string> keys, string name, CancellationToken ct)
    {
        var columns = table.Schema.Columns.Where(c => !c.IsReserved).Select(c => SqlText.Identifier(c.Name)).ToList();
        var by = keys.Select(SqlText.Identifier).ToList();
        var (gone, came) = (before.ScanSql(changed.Gone), table.ScanSql(changed.Came));
        foreach (var key in by)
            if (session.Scalar<long>($"SELECT count(*) FROM {came} WHERE {key} IS NULL", ct) is > 0 and var nulls)
                throw new Catalog.JobFailedException("FF2308", $"{Rows.Of(nulls)} of {name} {(nulls == 1 ? "has" : "have")} no value in the key {key.Trim('"')}.", "Leave such rows out in the SQL of the table, or choose other keys.");
        if (session.Rows($"SELECT {string.Join(" || ', ' || ", by.Select(k => $"{k}::VARCHAR"))}, count(*) FROM {came} GROUP BY {string.Join(", ", by)} HAVING count(*) > 1 LIMIT 1", ct) is [var twice])
            throw new Catalog.JobFailedException("FF2308", $"{name} has {twice[1]} rows with the key ({string.Join(", ", keys)}) = ({twice[0]}).", "Make the key unique in the SQL of the table, or choose other keys.");

        var same = string.Join(" AND ", by.Select(k => $"o.{k} = n.{k}"));
        session.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE {Table} AS
            SELECT {string.Join(", ", columns.Select(c => "n." + c))}, CASE WHEN o.ff_there IS NULL THEN 'i' ELSE 'u' END AS {WriteRequest.Change}
            FROM {came} n LEFT JOIN (SELECT *, true AS ff_there FROM {gone}) o ON {same}
            WHERE o.ff_there IS NULL OR {string.Join(" OR ", columns.Select(c => $"n.{c} IS DISTINCT FROM o.{c}"))}
            UNION ALL
            SELECT {string.Join(", ", columns.Select(c => "o." + c))}, 'd' FROM {gone} o ANTI JOIN {came} n ON {same}
            """, ct);
        var counts = session.Rows($"SELECT {WriteRequest.Change}, count(*) FROM {Table} GROUP BY ALL", ct).ToDictionary(r => (string)r[0]!, r => (long)r[1]!);
        long Of(string change) => counts.GetValueOrDefault(change);
        return ($"SELECT * FROM {Table}", counts.Values.Sum(), $"{Of("i")} new, {Of("u")} changed and {Of("d")} gone rows");
    }
}
