using System.Globalization;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;

namespace FlowForge.Api.Tables;

/// <summary>What differs between two versions of a table. Files that both versions have are not read. Thread-safe.</summary>
internal sealed class TableDiffs(TableReads reads)
{
    public async Task<TableDiff> ReadAsync(string shown, TableSnapshot from, TableSnapshot to, IReadOnlyList<string> keys, long offset, int limit, CancellationToken ct)
    {
        var columns = to.Schema.Columns.Where(c => !c.IsReserved && from.Schema.Find(c.Name) is not null).ToList();
        var unknown = keys.FirstOrDefault(k => !columns.Any(c => c.Name.Equals(k, StringComparison.OrdinalIgnoreCase)));
        if (unknown is not null) throw ProblemException.Bad("FF4076", $"Key '{unknown}' is no column of both versions.", $"They have: {string.Join(", ", columns.Select(c => c.Name))}.");
        if (columns.Count == 0) throw ProblemException.Bad("FF4077", "The two versions have no column in common.");
        var names = SqlText.Identifiers(columns.Select(c => c.Name));
        using var heldBefore = from.HoldCopies();
        using var heldAfter = to.HoldCopies();
        var before = $"(SELECT {names} FROM {from.ScanSql(from.FilesWithout(to))})";
        var after = $"(SELECT {names} FROM {to.ScanSql(to.FilesWithout(from))})";
        var (counts, rows) = await reads.ReadAsync((session, token) =>
        {
            session.Execute(keys.Count == 0 ? Whole(before, after, columns.Count) : Keyed(session, before, after, [.. columns.Select(c => c.Name)], keys, token), token);
            var found = session.Rows("SELECT count(*) FILTER (WHERE kind = 'added'), count(*) FILTER (WHERE kind = 'removed'), count(*) FILTER (WHERE kind = 'changed') FROM temp.table_diff", token)[0];
            var page = session.Rows($"SELECT * FROM temp.table_diff ORDER BY CASE kind WHEN 'changed' THEN 0 WHEN 'removed' THEN 1 ELSE 2 END, rowid LIMIT {limit} OFFSET {offset}", token);
            session.Execute("DROP TABLE temp.table_diff", CancellationToken.None);
            return (found.Select(v => Convert.ToInt64(v, CultureInfo.InvariantCulture)).ToArray(), page);
        }, ct);
        var width = columns.Count;
        var json = JsonRows.Write(rows);
        return new TableDiff
        {
            Table = shown, From = from.Version, To = to.Version, Keys = keys, Added = counts[0], Removed = counts[1], Changed = counts[2],
            Columns = [.. columns.Select(TableViews.ToColumn)],
            AddedColumns = [.. to.Schema.Columns.Where(c => !c.IsReserved && from.Schema.Find(c.Name) is null).Select(c => c.Name)],
            RemovedColumns = [.. from.Schema.Columns.Where(c => !c.IsReserved && to.Schema.Find(c.Name) is null).Select(c => c.Name)],
            Rows = [.. json.Select(r => new DiffRow(r[0].GetString()!, r[1..(1 + width)], r[0].GetString() == "changed" ? r[(1 + width)..] : null))]
        };
    }

    // Rows as a multiset: twins count.
    private static string Whole(string before, string after, int width)
    {
        var nothing = string.Concat(Enumerable.Range(0, width).Select(i => $", NULL AS old_{i}"));
        return $"CREATE OR REPLACE TEMP TABLE table_diff AS SELECT 'removed' AS kind, *{nothing} FROM (FROM {before} EXCEPT ALL FROM {after}) UNION ALL SELECT 'added', *{nothing} FROM (FROM {after} EXCEPT ALL FROM {before})";
    }

    private static string Keyed(DuckSession session, string before, string after, IReadOnlyList<string> columns, IReadOnlyList<string> keys, CancellationToken ct)
    {
        var key = SqlText.Identifiers(keys);
        foreach (var side in (string[])[before, after])
            if (session.Scalar<bool>($"SELECT EXISTS (SELECT 1 FROM {side} GROUP BY {key} HAVING count(*) > 1)", ct))
                throw ProblemException.Bad("FF4078", $"Rows with the same {string.Join(", ", keys)} occur more than once, so these columns do not tell rows apart.", "Name more key columns, or none to compare whole rows.");
        var same = string.Join(" AND ", keys.Select(k => $"o.{SqlText.Identifier(k)} IS NOT DISTINCT FROM n.{SqlText.Identifier(k)}"));
        var differs = string.Join(" OR ", columns.Select(c => $"o.{SqlText.Identifier(c)} IS DISTINCT FROM n.{SqlText.Identifier(c)}"));
        var shown = string.Join(", ", columns.Select(c => $"CASE WHEN n.__side IS NULL THEN o.{SqlText.Identifier(c)} ELSE n.{SqlText.Identifier(c)} END AS {SqlText.Identifier(c)}"));
        var old = string.Concat(columns.Select((c, i) => $", o.{SqlText.Identifier(c)} AS old_{i}"));
        return $"""
            CREATE OR REPLACE TEMP TABLE table_diff AS
            SELECT CASE WHEN o.__side IS NULL THEN 'added' WHEN n.__side IS NULL THEN 'removed' ELSE 'changed' END AS kind, {shown}{old}
            FROM (SELECT *, 1 AS __side FROM {before}) AS o FULL JOIN (SELECT *, 1 AS __side FROM {after}) AS n ON {same}
            WHERE o.__side IS NULL OR n.__side IS NULL OR {differs}
            """;
    }
}
