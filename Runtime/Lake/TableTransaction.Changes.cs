using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake.Schema;
using FlowForge.Lake.Writing;

namespace FlowForge.Lake;

/// <summary>Writes that change rows which are there. Each makes new files and notes the old ones, which the commit then replaces (mode <see cref="CommitMode.Replace"/>). One of them fits into a commit; a change of types may come before it, and writes of new rows beside it.</summary>
public sealed partial class TableTransaction
{
    /// <summary>
    /// Merges the rows of a query into the table by key: new keys are inserted, rows with other values updated (columns that the query lacks keep theirs), the rest left alone.
    /// Only files with a row that changes are written anew. The commit must be of mode <see cref="CommitMode.Replace"/>.
    /// </summary>
    /// <exception cref="LakeException">A key occurs twice in the query's rows, or is no column of them.</exception>
    public MergeCounts Merge(DuckSession session, string sourceSql, MergeOptions options, CancellationToken ct = default)
    {
        BeginChange();
        if (Base is null)
        {
            var first = new MergeRun(session, Empty, table.Name, sourceSql, options, ct);
            try
            {
                first.CheckKeys();
                var (rows, deletions) = first.FirstRows();
                CheckWritten(Write(session, rows, options.Write with { Mode = CommitMode.Replace }, ct), first.Count - deletions);
                return new MergeCounts(first.Count, first.Count - deletions, 0, 0, 0, deletions);
            }
            finally
            {
                first.Clean();
            }
        }
        var run = new MergeRun(session, Current!, table.Name, sourceSql, options, ct);
        try
        {
            run.CheckKeys();
            var counts = run.Plan();
            var written = run.RowsToWrite(counts) is { } rows ? Write(session, rows, Anew(session, run.Touched, options.Write, ct), ct) : [];
            CheckWritten(written, Rows(run.Touched) - counts.Deleted + counts.Inserted);
            Retire(run.Touched);
            return counts;
        }
        finally
        {
            run.Clean();
        }
    }

    /// <summary>
    /// Keeps the history of things: a row whose values differ from the current ones closes those and becomes current itself; new things begin. The query's rows are the things
    /// as they are from <see cref="HistoryOptions.EffectiveFrom"/> on.
    /// </summary>
    public MergeCounts MergeHistory(DuckSession session, string sourceSql, HistoryOptions options, CancellationToken ct = default)
    {
        BeginChange();
        var (start, end, current) = (SqlText.Identifier(options.ValidFrom), SqlText.Identifier(options.ValidTo), SqlText.Identifier(options.IsCurrent));
        var write = options.Write with { Mode = CommitMode.Replace };
        var view = Current ?? Empty;
        var from = EffectiveFrom(session, view, options, ct);
        var opened = $"SELECT *, {from} AS {start}, CAST(NULL AS TIMESTAMPTZ) AS {end}, true AS {current} FROM";
        var plan = new MergeRun(session, view, table.Name, sourceSql, new MergeOptions { Keys = options.Keys }, ct);
        try
        {
            plan.CheckKeys();
            if (Base is null)
            {
                CheckWritten(Write(session, $"{opened} (SELECT * EXCLUDE (__ff_row) FROM temp.ff_merge_source) AS s", write, ct), plan.Count);
                return new MergeCounts(plan.Count, plan.Count, 0, 0, 0, 0);
            }
            var names = session.Describe("SELECT * EXCLUDE (__ff_row) FROM temp.ff_merge_source").Select(c => c.Name).ToList();
            var keys = plan.OnKeys;
            var differs = string.Join(" OR ", names.Where(n => !options.Keys.Contains(n, StringComparer.OrdinalIgnoreCase) && !n.StartsWith(TableColumn.ReservedPrefix, StringComparison.OrdinalIgnoreCase))
                .Select(n => view.Schema.Find(n) is null ? $"s.{SqlText.Identifier(n)} IS NOT NULL" : $"t.{SqlText.Identifier(n)} IS DISTINCT FROM s.{SqlText.Identifier(n)}").DefaultIfEmpty("false"));
            var scan = view.ScanWithFile(view.Files);
            session.Execute($"""
                CREATE OR REPLACE TEMP TABLE ff_merge_matches AS SELECT s.__ff_row AS row, t.{Reading.ScanSql.FileColumn} AS file, coalesce({differs}, false) AS changed, s.__ff_row IS NULL AS missing
                FROM (FROM {scan} AS t WHERE {current}) AS t LEFT JOIN temp.ff_merge_source AS s ON {keys}
                """, ct);
            var closing = options.CloseMissing ? "changed OR missing" : "changed AND NOT missing";
            var files = session.Rows($"SELECT DISTINCT file FROM temp.ff_merge_matches WHERE {closing}", ct).Select(r => (string)r[0]!).ToHashSet(StringComparer.Ordinal);
            var touched = view.Files.Where(f => files.Contains(view.ReadPath(f))).ToList();
            var counts = session.Rows("SELECT count(*) FILTER (WHERE changed AND NOT missing), count(*) FILTER (WHERE NOT changed AND NOT missing), count(*) FILTER (WHERE missing), count(DISTINCT row) FILTER (WHERE NOT changed AND NOT missing) FROM temp.ff_merge_matches", ct)[0]
                .Select(v => Convert.ToInt64(v, CultureInfo.InvariantCulture)).ToArray();
            var closes = options.CloseMissing ? $"t.{current} AND (s.__ff_row IS NULL OR ({differs}))" : $"t.{current} AND s.__ff_row IS NOT NULL AND ({differs})";
            var parts = new List<string>();
            if (touched.Count > 0)
            {
                var columns = string.Join(", ", view.Schema.Columns.Select(c => SqlText.Identifier(c.Name)).Select(n =>
                    n == end ? $"CASE WHEN {closes} THEN {from} ELSE t.{n} END AS {n}" : n == current ? $"CASE WHEN {closes} THEN false ELSE t.{n} END AS {n}" : $"t.{n}"));
                parts.Add($"SELECT {columns} FROM {view.ScanSql(touched, withReserved: true)} AS t LEFT JOIN temp.ff_merge_source AS s ON {keys}");
            }
            parts.Add($"{opened} (SELECT * EXCLUDE (__ff_row) FROM temp.ff_merge_source AS s WHERE NOT EXISTS (SELECT 1 FROM temp.ff_merge_matches AS m WHERE m.row = s.__ff_row AND NOT m.changed)) AS s");
            CheckWritten(Write(session, string.Join(" UNION ALL BY NAME ", parts), Anew(session, touched, write, ct), ct), Rows(touched) + plan.Count - counts[3]);
            Retire(touched);
            return new MergeCounts(plan.Count, plan.Count - counts[0] - counts[1], counts[0], counts[1], options.CloseMissing ? counts[2] : 0, 0);
        }
        finally
        {
            plan.Clean();
        }
    }

    // A run that began earlier may commit later: what it closes must not end before it began.
    private static string EffectiveFrom(DuckSession session, TableSnapshot view, HistoryOptions options, CancellationToken ct)
    {
        var from = SqlText.Literal((object)options.EffectiveFrom.UtcDateTime);
        if (view.Files.Count == 0 || view.Schema.Find(options.ValidFrom) is null) return from;
        var (start, current) = (SqlText.Identifier(options.ValidFrom), SqlText.Identifier(options.IsCurrent));
        var late = session.Scalar<string?>($"SELECT strftime(make_timestamp(epoch_us(max({start})) + 1), '%Y-%m-%d %H:%M:%S.%f') || '+00' FROM {view.ScanSql()} WHERE {current} AND {start} >= {from}", ct);
        return late is null ? from : $"CAST({SqlText.Literal(late)} AS TIMESTAMPTZ)";
    }

    /// <summary>Deletes the rows for which a condition holds. Files without such a row stay; files with nothing else simply go.</summary>
    /// <returns>Number of rows deleted.</returns>
    public long Delete(DuckSession session, string condition, WriteOptions? options = null, CancellationToken ct = default)
    {
        BeginChange();
        if (Current is not { } view) return 0;
        var found = session.Rows($"SELECT {Reading.ScanSql.FileColumn}, count(*) FROM {view.ScanWithFile(view.Files)} WHERE ({condition}) GROUP BY ALL", ct)
            .ToDictionary(r => (string)r[0]!, r => Convert.ToInt64(r[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        var touched = view.Files.Where(f => found.ContainsKey(view.ReadPath(f))).ToList();
        var partly = touched.Where(f => f.Rows != found[view.ReadPath(f)]).ToList();
        if (partly.Count > 0)
            CheckWritten(Write(session, $"SELECT * FROM {view.ScanSql(partly, withReserved: true)} WHERE NOT coalesce(({condition}), false)", Anew(session, partly, options ?? new WriteOptions(), ct), ct), Rows(partly) - partly.Sum(f => found[view.ReadPath(f)]));
        Retire(touched);
        return found.Values.Sum();
    }

    // What a change has written is what was there, with what came and without what went: by the counts of the log, of the matches and of the files, none of which was made from the others.
    private void CheckWritten(IReadOnlyList<DataFile> files, long? expected)
    {
        if (expected is { } rows && Rows(files) is { } written && rows != written) throw new LostRowsException(table.Name, rows, written);
    }

    // Null when a foreign writer gave a file no count.
    private static long? Rows(IReadOnlyList<DataFile> files) => files.Any(f => f.Rows is null) ? null : files.Sum(f => f.Rows);

    /// <summary>The partitions of the rows written so far take the place of those in the table; other partitions stay.</summary>
    public void ReplacePartitions()
    {
        BeginChange();
        if (Base is null) return;
        if (Base.PartitionColumns.Count == 0) throw new LakeException($"Table {table.Name} has no partitions to replace. Overwrite it, or make it with partition columns.");
        var mine = staged.Except(retyped).Select(s => Base.PartitionKey(s.File)).ToHashSet(StringComparer.Ordinal);
        Retire([.. Current!.Files.Where(f => mine.Contains(Base.PartitionKey(f)))]);
    }

    /// <summary>Writes every row of the table anew with other column types, such as wider ones. New rows may then be written with these types too.</summary>
    /// <param name="session">Where the rows are cast.</param>
    /// <param name="schema">The columns whose types change, by name.</param>
    /// <param name="options">As for <see cref="Write"/>.</param>
    /// <param name="ct">Interrupts.</param>
    public void ChangeTypes(DuckSession session, TableSchema schema, WriteOptions? options = null, CancellationToken ct = default)
    {
        hasRead = true;
        if (Base is null) return;
        var changed = new TableSchema(Base.Schema.Columns.Select(c => schema.Find(c.Name) is { } wish ? c with { Type = wish.Type } : c));
        if (changedTypes is not null || staged.Count > 0) throw new InvalidOperationException("Types are changed once, before other writes of the same commit.");
        changedTypes = changed;
        if (Base.Files.Count > 0) CheckWritten(Write(session, $"SELECT * FROM {Base.ScanSql(withReserved: true)}", (options ?? new WriteOptions()) with { Mode = CommitMode.Replace, Schema = changed }, ct), Rows(Base.Files));
        replaced.AddRange(Base.Files);
        retyped.AddRange(staged);
    }

    // Options for the rows of files that are written again.
    private WriteOptions Anew(DuckSession session, IReadOnlyList<DataFile> files, WriteOptions options, CancellationToken ct) =>
        options with { Mode = CommitMode.Replace, DictionaryEntries = DictionarySize.Of(session, files.Select(f => Current!.ReadPath(f)), ct) };

    // A second change would look at rows which the first one has already put elsewhere.
    private void BeginChange()
    {
        if (hasChanged) throw new InvalidOperationException("One merge, delete or replacement of partitions is possible in a commit. Commit, and begin another transaction.");
        hasRead = hasChanged = true;
    }

    // The table's rows as this transaction has them: with changed types they lie in staged files.
    private TableSnapshot? Current
    {
        get
        {
            if (changedTypes is null || Base is null) return Base;
            var files = System.Collections.Immutable.ImmutableDictionary.CreateRange(StringComparer.Ordinal, retyped.Select((f, i) => KeyValuePair.Create(f.File.Uri, f.File.At(i))));
            var state = start! with { Metadata = start!.Metadata! with { Schema = changedTypes }, Files = files };
            return new TableSnapshot(state, new StagedStore(table.Files, retyped.ToDictionary(f => f.File.Uri, f => f.LocalPath, StringComparer.Ordinal)), table.Name);
        }
    }

    // Files whose rows were written anew leave the table, or, staged ones, never come to it.
    private void Retire(IReadOnlyList<DataFile> files)
    {
        foreach (var file in files)
        {
            if (retyped.Find(r => r.File.Uri == file.Uri) is not { } own)
            {
                replaced.Add(file);
                continue;
            }
            retyped.Remove(own);
            staged.Remove(own);
            File.Delete(own.LocalPath);
        }
    }

    private TableSnapshot Empty => new(
        new Log.LogState { Metadata = new Log.MetadataAction("", null, null, new TableSchema([]), [], System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, null) }, table.Files, table.Name);
}
