using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake.Reading;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>
/// Merges rows into a table by key: finds the files that hold a row to change (by statistics, then by a join), and writes those anew together with the inserts.
/// Other files stay as they are.
/// </summary>
internal sealed class MergeRun
{
    private const string Source = "temp.ff_merge_source";
    private const string Matches = "temp.ff_merge_matches";
    private readonly DuckSession session;
    private readonly TableSnapshot table;
    private readonly MergeOptions options;
    private readonly CancellationToken ct;
    private readonly IReadOnlyList<string> sourceColumns;
    private readonly string name;
    // Keys that are NULL in a row of the source; for others the plain comparison says the same.
    private readonly HashSet<string> keysWithNull = new(StringComparer.OrdinalIgnoreCase);
    // What the touched files' rows are joined with, and whether every row of it changes all that it meets.
    private string changes = Source;
    private bool isOnlyChanges;

    public MergeRun(DuckSession session, TableSnapshot table, string name, string sourceSql, MergeOptions options, CancellationToken ct)
    {
        this.session = session;
        this.table = table;
        this.name = name;
        this.options = options;
        this.ct = ct;
        session.Execute($"CREATE OR REPLACE TEMP TABLE ff_merge_source AS SELECT row_number() OVER () AS __ff_row, * FROM ({sourceSql}) AS s", ct);
        var described = session.Describe($"SELECT * EXCLUDE (__ff_row) FROM {Source}");
        sourceColumns = [.. described.Select(c => c.Name)];
        // As the table has it: the protocol takes an empty text in a partition column for NULL.
        var partitions = table.PartitionColumns.Count > 0 ? table.PartitionColumns : options.Write.PartitionBy ?? [];
        foreach (var text in described.Where(c => c.Type == "VARCHAR" && partitions.Contains(c.Name, StringComparer.OrdinalIgnoreCase)).Select(c => SqlText.Identifier(c.Name)))
            session.Execute($"UPDATE {Source} SET {text} = NULL WHERE {text} = ''", ct);
        var keys = options.Keys.Where(k => sourceColumns.Contains(k, StringComparer.OrdinalIgnoreCase)).ToList();
        var counts = Numbers($"SELECT {string.Join(", ", keys.Select(k => $"count({SqlText.Identifier(k)})").Prepend("count(*)"))} FROM {Source}");
        Count = counts[0];
        keysWithNull.UnionWith(keys.Where((_, i) => counts[i + 1] < Count));
    }

    public long Count { get; }

    /// <summary>Files to take out of the table; set by <see cref="Plan"/>.</summary>
    public IReadOnlyList<DataFile> Touched { get; private set; } = [];

    /// <summary>Refuses a source in which a key occurs twice: which row should win is not ours to guess.</summary>
    public void CheckKeys()
    {
        foreach (var key in options.Keys.Where(k => !sourceColumns.Contains(k, StringComparer.OrdinalIgnoreCase)))
            throw new LakeException($"Key column '{key}' is not among the rows' columns ({string.Join(", ", sourceColumns)}), so they cannot be merged into {name}.");
        var keys = SqlText.Identifiers(options.Keys);
        var twice = session.Rows($"SELECT CAST({{{string.Join(", ", options.Keys.Select(k => $"{SqlText.Literal(k)}: {SqlText.Identifier(k)}"))}}} AS VARCHAR), count(*) FROM {Source} GROUP BY {keys} HAVING count(*) > 1 ORDER BY ALL LIMIT 1", ct);
        if (twice.Count > 0)
            throw new LakeException($"Key {twice[0][0]} occurs {twice[0][1]} times in the rows to merge into {name}, so it is not clear which one wins. Deduplicate them by the key first.");
    }

    /// <summary>Finds matching rows and the files that have to be written anew.</summary>
    /// <returns>The counts.</returns>
    public MergeCounts Plan()
    {
        var candidates = options.DeleteMissing ? table.Files : Candidates();
        var scan = table.ScanWithFile(candidates);
        session.Execute($"CREATE OR REPLACE TEMP TABLE ff_merge_matches AS SELECT s.__ff_row AS row, t.{ScanSql.FileColumn} AS file, {Deletes} AS gone, ({Differs}) AS changed FROM {scan} AS t JOIN {Source} AS s ON {OnKeys}", ct);
        var touched = new HashSet<string>(session.Rows($"SELECT DISTINCT file FROM {Matches} WHERE gone OR changed", ct).Select(r => (string)r[0]!), StringComparer.Ordinal);
        long missing = 0;
        if (options.DeleteMissing)
        {
            foreach (var row in session.Rows($"SELECT t.{ScanSql.FileColumn}, count(*) FROM {scan} AS t WHERE NOT EXISTS (SELECT 1 FROM {Source} AS s WHERE {OnKeys}) GROUP BY ALL", ct))
            {
                touched.Add((string)row[0]!);
                missing += Convert.ToInt64(row[1], CultureInfo.InvariantCulture);
            }
        }
        Touched = [.. candidates.Where(f => touched.Contains(table.ReadPath(f)))];
        var counts = Counts();
        return counts with { Deleted = counts.Deleted + missing };
    }

    // Of the source's rows; several rows of the table may have one key.
    private MergeCounts Counts()
    {
        var found = Numbers($"SELECT count(*), count(DISTINCT row), count(*) FILTER (WHERE gone), count(*) FILTER (WHERE changed AND NOT gone) FROM {Matches}");
        var (matches, matched, gone, updated) = (found[0], found[1], found[2], found[3]);
        var (deleted, deleting) = (gone, options.DeleteWhen is null ? 0 : Numbers($"SELECT count(*) FROM {Source} AS s WHERE {Deletes}")[0]);
        var isMixed = false;
        if (matches > matched)
        {
            found = Numbers($"SELECT count(DISTINCT row) FILTER (WHERE gone), count(DISTINCT row) FILTER (WHERE changed AND NOT gone), count(DISTINCT row) FILTER (WHERE NOT changed AND NOT gone) FROM {Matches}");
            (gone, updated) = (found[0], found[1]);
            isMixed = gone + updated + found[2] > matched;
        }
        var unchanged = matched - gone - updated;
        // With the rows alone that change something there is nothing to compare a second time.
        isOnlyChanges = !isMixed && (unchanged == 0 || !options.DeleteMissing);
        changes = isOnlyChanges && unchanged > 0 ? $"(SELECT * FROM {Source} AS s WHERE EXISTS (SELECT 1 FROM {Matches} AS m WHERE m.row = s.__ff_row AND (m.changed OR m.gone)))" : Source;
        return new MergeCounts(Count, Count - deleting - (matched - gone), updated, unchanged, deleted, deleting - gone);
    }

    private long[] Numbers(string sql) => [.. session.Rows(sql, ct)[0].Select(v => Convert.ToInt64(v, CultureInfo.InvariantCulture))];

    /// <summary>The rows to write: what remains of the touched files, with changes, and the new rows. Null when there is nothing to write.</summary>
    public string? RowsToWrite(MergeCounts counts)
    {
        var parts = new List<string>();
        if (Touched.Count > 0)
        {
            var columns = string.Join(", ", table.Schema.Columns.Select(c => Value(c.Name)).Concat(NewColumns.Select(c => $"CASE WHEN s.__ff_row IS NOT NULL THEN s.{SqlText.Identifier(c)} END AS {SqlText.Identifier(c)}")));
            var keep = options.DeleteMissing ? $"s.__ff_row IS NOT NULL AND NOT {Deletes}" : $"s.__ff_row IS NULL OR NOT {Deletes}";
            parts.Add($"SELECT {columns} FROM {table.ScanSql(Touched, withReserved: true)} AS t LEFT JOIN {changes} AS s ON {OnKeys} WHERE {keep}");
        }
        if (counts.Inserted > 0)
        {
            var columns = string.Join(", ", table.Schema.Columns.Select(c => Inserted(c)).Concat(NewColumns.Select(c => $"s.{SqlText.Identifier(c)}")));
            parts.Add($"SELECT {columns} FROM {Source} AS s WHERE NOT {Deletes} AND NOT EXISTS (SELECT 1 FROM {Matches} AS m WHERE m.row = s.__ff_row)");
        }
        return parts.Count == 0 ? null : string.Join(" UNION ALL ", parts);
    }

    public void Clean() => session.Execute("DROP TABLE IF EXISTS temp.ff_merge_source; DROP TABLE IF EXISTS temp.ff_merge_matches");

    private IEnumerable<string> NewColumns => sourceColumns.Where(c => table.Schema.Find(c) is null && !options.ControlColumns.Contains(c, StringComparer.OrdinalIgnoreCase));

    /// <summary>The rows of the source as they go into a table that is not there yet, and the number of those that ask for a deletion, which finds nothing.</summary>
    public (string Rows, long Deletions) FirstRows()
    {
        var rows = $"SELECT {string.Join(", ", NewColumns.Select(SqlText.Identifier))} FROM {Source} AS s";
        return options.DeleteWhen is null ? (rows, 0) : ($"{rows} WHERE NOT {Deletes}", Numbers($"SELECT count(*) FROM {Source} AS s WHERE {Deletes}")[0]);
    }

    /// <summary>The condition for rows <c>t</c> of the table and <c>s</c> of the source with one key. NULL is a value of it like others.</summary>
    public string OnKeys => string.Join(" AND ", options.Keys.Select(k => $"t.{SqlText.Identifier(k)} {(keysWithNull.Contains(k) ? "IS NOT DISTINCT FROM" : "=")} s.{SqlText.Identifier(k)}"));

    private string Deletes => options.DeleteWhen is { } condition ? $"coalesce(({condition}), false)" : "false";

    // Our own columns (run, file) do not make a row another one.
    private string Differs
    {
        get
        {
            var compared = sourceColumns.Where(c => table.Schema.Find(c) is { IsReserved: false } && !options.Keys.Contains(c, StringComparer.OrdinalIgnoreCase))
                .Select(c => $"t.{SqlText.Identifier(c)} IS DISTINCT FROM s.{SqlText.Identifier(c)}")
                .Concat(NewColumns.Where(c => !c.StartsWith(TableColumn.ReservedPrefix, StringComparison.OrdinalIgnoreCase)).Select(c => $"s.{SqlText.Identifier(c)} IS NOT NULL")).ToList();
            return compared.Count == 0 ? "false" : string.Join(" OR ", compared);
        }
    }

    private string Value(string column)
    {
        var quoted = SqlText.Identifier(column);
        return sourceColumns.Contains(column, StringComparer.OrdinalIgnoreCase) ? $"CASE WHEN s.__ff_row IS NOT NULL{(isOnlyChanges ? "" : $" AND ({Differs})")} THEN s.{quoted} ELSE t.{quoted} END AS {quoted}" : $"t.{quoted}";
    }

    private string Inserted(TableColumn column) =>
        sourceColumns.Contains(column.Name, StringComparer.OrdinalIgnoreCase) ? $"s.{SqlText.Identifier(column.Name)}" : $"CAST(NULL AS {column.DuckType}) AS {SqlText.Identifier(column.Name)}";

    // Files whose range of each key overlaps the source's.
    private IReadOnlyList<DataFile> Candidates()
    {
        if (Count == 0) return [];
        var bounds = session.Rows($"SELECT {string.Join(", ", options.Keys.Select(k => $"CAST(min({SqlText.Identifier(k)}) AS VARCHAR), CAST(max({SqlText.Identifier(k)}) AS VARCHAR)"))} FROM {Source}", ct)[0];
        if (options.Keys.Any(k => table.Schema.Find(k) is null)) return [];
        return FileSkipping.Files(table, RowCondition.All(options.Keys.Select((k, i) => Between(k, (string?)bounds[2 * i], (string?)bounds[2 * i + 1]))));
    }

    private RowCondition Between(string key, string? low, string? high)
    {
        // A key that is NULL in all rows has no bounds.
        if (low is null || high is null) return RowCondition.IsNull(key);
        var range = RowCondition.All([RowCondition.Compare(key, ">=", low), RowCondition.Compare(key, "<=", high)]);
        return keysWithNull.Contains(key) ? RowCondition.Any([range, RowCondition.IsNull(key)]) : range;
    }
}
