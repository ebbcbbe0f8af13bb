using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Publishing;
using FlowForge.Lake;
using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Drifting;

/// <summary>What a person has to see before rows may come to the table.</summary>
internal sealed record HeldChanges(IReadOnlyList<SchemaDifference> Changes, IReadOnlyList<RenameSuggestion> Renames);

/// <summary>
/// Reads rows to their end without writing any: all values have then taught what they are, and a sample of new columns tells whether one is an old column
/// under another name.
/// </summary>
internal sealed class HeldRows(DuckSession session, TableSnapshot table, RowSet rows)
{
    private const int SampleRows = 500;
    private const int TableRows = 200_000;

    /// <param name="changes">The changes that are held.</param>
    /// <param name="missing">Columns of the table that the rows lack.</param>
    /// <param name="ct">Interrupts.</param>
    /// <returns>The number of rows, and what is held.</returns>
    public (long Rows, HeldChanges Held) Read(IReadOnlyList<SchemaDifference> changes, IReadOnlyList<TableColumn> missing, CancellationToken ct)
    {
        var added = rows.Columns.Where(c => changes.Any(d => d.Kind == DifferenceKind.Added && d.Column == c.Name)).ToList();
        var samples = missing.Count == 0 ? [] : added;
        var sampled = samples.Count == 0 ? "NULL" : $"arg_min([{string.Join(", ", samples.Select(c => $"CAST({c.Sql} AS VARCHAR)"))}], hash({rows.RecordSql}), {SampleRows.ToString(CultureInfo.InvariantCulture)})";
        const string Sample = "ff_held_sample";
        session.Execute($"CREATE OR REPLACE TEMP TABLE {Sample} AS SELECT count(*) AS n, {sampled} AS sample FROM {rows.From}", ct);
        try
        {
            var count = session.Scalar<long>($"SELECT n FROM {Sample}", ct);
            var gone = missing.Select(c => new LikeColumn(c.Name, c.DuckType)).ToList();
            var come = added.ConvertAll(c => new LikeColumn(c.Name, c.DuckType));
            return (count, new HeldChanges(changes, ColumnLikeness.Suggest(gone, come, (from, to) => Shared(Sample, missing.First(c => c.Name == from), samples.FindIndex(c => c.Name == to) + 1, ct))));
        }
        finally
        {
            session.Execute($"DROP TABLE IF EXISTS {Sample}", CancellationToken.None);
        }
    }

    /// <summary>Share of a new column's values that an old column has too; null when values tell nothing: times move on, and keys are new in each row.</summary>
    private double? Shared(string sample, TableColumn old, int index, CancellationToken ct)
    {
        var name = SqlText.Identifier(old.Name);
        var known = $"(SELECT CAST({name} AS VARCHAR) AS v FROM (SELECT {name} FROM {table.ScanSql()} LIMIT {TableRows.ToString(CultureInfo.InvariantCulture)}) AS some_rows WHERE {name} IS NOT NULL)";
        var found = session.Rows(string.Create(CultureInfo.InvariantCulture,
            $"""
            WITH news AS (SELECT DISTINCT values[{index}] AS v FROM (SELECT unnest(sample) AS values FROM {sample}) AS s WHERE values[{index}] IS NOT NULL), olds AS (SELECT v, count(*) AS n FROM {known} AS k GROUP BY v)
            SELECT (SELECT count(*) FROM news), (SELECT count(*) FROM news WHERE v IN (SELECT v FROM olds)), (SELECT count(*) FROM olds), (SELECT coalesce(sum(n), 0) FROM olds),
              (SELECT avg(CASE WHEN TRY_CAST(v AS DOUBLE) BETWEEN (SELECT min(TRY_CAST(v AS DOUBLE)) FROM olds) AND (SELECT max(TRY_CAST(v AS DOUBLE)) FROM olds) THEN 1.0 ELSE 0.0 END) FROM news)
            """), ct)[0];
        var (news, same, distinct, all) = (Convert.ToInt64(found[0], CultureInfo.InvariantCulture), Convert.ToInt64(found[1], CultureInfo.InvariantCulture), Convert.ToInt64(found[2], CultureInfo.InvariantCulture), Convert.ToInt64(found[3], CultureInfo.InvariantCulture));
        if (news == 0 || distinct == 0) return null;
        var share = (double)same / news;
        if (share >= 0.5) return share;
        if (old.DuckType is "DATE" or "TIME" || old.DuckType.StartsWith("TIMESTAMP", StringComparison.Ordinal)) return null;
        if (old.DuckType != "VARCHAR" && found[4] is { } within) return Math.Max(share, 0.7 * Convert.ToDouble(within, CultureInfo.InvariantCulture));
        // Nearly every value of the old column stands there once: a key, or free text.
        return distinct * 2 > all ? null : share;
    }
}
