using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Ingest.Publishing;
using FlowForge.Lake;
using FlowForge.Lake.Schema;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Drifting;

/// <summary>What the rows' columns are against the table's, and what the job's drift rules make of it.</summary>
/// <param name="job">With what was decided before.</param>
/// <param name="mayMiss">Columns of the table that the source may lack: a person has said so.</param>
/// <param name="fieldsMayMiss">Whether records may lack fields, as JSON's do: a missing column then says nothing.</param>
internal sealed class Drift(IngestDefinition job, IReadOnlyList<string> mayMiss, bool fieldsMayMiss)
{
    private static readonly string[] HistoryColumns = ["valid_from", "valid_to", "is_current"];

    private bool Replaces => job.WriteMode == Pipelines.WriteMode.Replace;

    /// <summary>The changes that a person has to see before anything is loaded; empty when there are none.</summary>
    /// <exception cref="JobFailedException">A column is frozen and the source has changed it.</exception>
    public IReadOnlyList<SchemaDifference> Held(TableSnapshot? table, RowSet rows)
    {
        if (table is null || rows.Columns.Count == 0 || !job.KeepsTypes()) return [];
        var lacking = Lacking(table.Schema, rows);
        List<SchemaDifference> changes = [.. Changes(table.Schema, rows.Schema()), .. lacking.Select(c => new SchemaDifference(DifferenceKind.Removed, c.Name, c.DuckType, null))];
        var frozen = changes.Where(c => Rule(c, lacking) == DriftPolicy.Freeze).ToList();
        if (frozen.Count > 0)
            throw new JobFailedException("FF2051", $"The source has changed against the table: {Words(frozen)}. Nothing was published.",
                $"{(frozen.Any(c => lacking.Any(l => l.Name == c.Column)) ? "Mend the source, or correct user_schema, which declares what the source lacks. Or set" : "Set")} drift: evolve to let the table follow, hold to be asked, or discard to leave new columns out; drift_columns says so for single columns.");
        return changes.Any(c => Rule(c, lacking) == DriftPolicy.Hold) ? [.. changes.Where(c => c.Kind != DifferenceKind.Removed || Rule(c, lacking) == DriftPolicy.Hold)] : [];
    }

    /// <summary>Columns of the table that the rows lack, whatever is said of them: a new column may be one of them.</summary>
    public IReadOnlyList<TableColumn> Missing(TableSchema table, RowSet rows) => Missing(table, rows.Schema());

    /// <summary>Lets the table follow the source.</summary>
    /// <returns>True when the table's rows were written anew with wider types.</returns>
    public bool Follow(TableTransaction transaction, DuckSession session, RowSet rows, WriteOptions write, IJobLog log, CancellationToken ct)
    {
        if (transaction.Base is not { } table) return false;
        var changes = Changes(table.Schema, rows.Schema());
        if (changes.Count == 0) return false;
        if (changes.All(c => c.Kind == DifferenceKind.Removed))
        {
            log.Info($"The source lacks {string.Join(", ", changes.Select(c => c.Column))}: NULL for its rows.");
            return false;
        }
        log.Warning($"The source has changed: {Words(changes)}.");
        var wider = Wider(table.Schema, rows.Schema());
        if (wider.Count == 0) return false;
        foreach (var column in wider) Prove(table, session, table.Schema.Find(column.Name)!.DuckType, column, ct);
        transaction.ChangeTypes(session, new TableSchema(wider), write, ct);
        return true;
    }

    // Declared types need not be wider than the table's: what its rows say is neither lost nor rounded.
    private void Prove(TableSnapshot table, DuckSession session, string from, TableColumn to, CancellationToken ct)
    {
        if (CastSql.AlwaysFits(from, to.DuckType)) return;
        var name = SqlText.Identifier(to.Name);
        var (count, example) = session.Rows($"SELECT count(*), CAST(any_value({name}) AS VARCHAR) FROM {table.ScanSql()} WHERE {CastSql.Misfits(name, from, to.DuckType, null)}", ct).Select(r => ((long)r[0]!, (string?)r[1])).First();
        if (count == 0) return;
        throw new JobFailedException("FF2055", string.Create(CultureInfo.InvariantCulture, $"{to.Name} of bronze.{job.Table} is {from} and would become {to.DuckType}, but {(count == 1 ? "1 row that is there does" : $"{count:N0} rows that are there do")} not fit, such as '{(example!.Length > 60 ? example[..60] + "…" : example)}'. Nothing was published."),
            "Declare a type in user_schema that holds them, or load the table anew: with write_mode: replace for one run, rows that do not fit become rejects.");
    }

    /// <summary>The rows with NULL for columns of a replaced table that are guarded and that the source lacks: the table keeps its shape.</summary>
    public RowSet KeepingShape(TableSnapshot? table, RowSet rows) =>
        table is null || !job.KeepsTypes() ? rows
        : rows with { Columns = [.. rows.Columns, .. Missing(table.Schema, rows.Schema()).Where(c => job.PolicyOf(c.Name) != DriftPolicy.Evolve).Select(c => new RowColumn(c.OriginalName ?? c.Name, c.Name, $"CAST(NULL AS {c.DuckType})", c.DuckType))] };

    private List<SchemaDifference> Changes(TableSchema table, TableSchema now) =>
    [
        .. now.Columns.Where(c => table.Find(c.Name) is null).Select(c => new SchemaDifference(DifferenceKind.Added, c.Name, null, c.DuckType)),
        .. Wider(table, now).Select(c => new SchemaDifference(DifferenceKind.Widened, c.Name, table.Find(c.Name)!.DuckType, c.DuckType)),
        .. Missing(table, now).Select(c => new SchemaDifference(DifferenceKind.Removed, c.Name, c.DuckType, null)),
    ];

    // A column without values has no type of its own: it takes the table's.
    private static List<TableColumn> Wider(TableSchema table, TableSchema now) => [.. now.Columns.Where(c => table.Find(c.Name) is { } old && !TypeFit.Fits(c.Type, old.Type))];

    private List<TableColumn> Missing(TableSchema table, TableSchema now) =>
        [.. table.Columns.Where(c => !c.IsReserved && now.Find(c.Name) is null && !job.Computed.ContainsKey(c.Name) && !(job.WriteMode == Pipelines.WriteMode.Scd2 && HistoryColumns.Contains(c.Name)))];

    // The rows have them, as NULL: to the eye of the table nothing has changed.
    private static List<TableColumn> Lacking(TableSchema table, RowSet rows)
    {
        var names = rows.Lacking.Names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. rows.Columns.Where(c => names.Contains(c.Source)).Select(c => table.Find(c.Name)).OfType<TableColumn>()];
    }

    private DriftPolicy Rule(SchemaDifference change, List<TableColumn> lacking)
    {
        // What the job itself computes is no change of the source.
        if (job.Computed.ContainsKey(change.Column)) return DriftPolicy.Evolve;
        var own = DriftRules.Own(job, change.Column);
        if (change.Kind != DifferenceKind.Removed) return own ?? job.Drift;
        if (own is { } said) return mayMiss.Contains(change.Column, StringComparer.OrdinalIgnoreCase) ? DriftPolicy.Evolve : said;
        return mayMiss.Contains(change.Column, StringComparer.OrdinalIgnoreCase) || fieldsMayMiss ? DriftPolicy.Evolve
            // A table that only grows keeps a column that went long ago; freezing the rest must still be possible. One that is declared has not gone long ago.
            : job.Drift == DriftPolicy.Freeze && !Replaces && !lacking.Any(l => l.Name == change.Column) ? DriftPolicy.Evolve : job.Drift;
    }

    private static string Words(IReadOnlyList<SchemaDifference> changes)
    {
        return string.Join("; ", new[] { Part("new columns", DifferenceKind.Added, c => $"{c.Column} {c.After}"), Part("wider types", DifferenceKind.Widened, c => $"{c.Column} {c.Before} → {c.After}"), Part("missing columns", DifferenceKind.Removed, c => c.Column) }.OfType<string>());

        string? Part(string title, DifferenceKind kind, Func<SchemaDifference, string> word) =>
            changes.Any(c => c.Kind == kind) ? $"{title} {string.Join(", ", changes.Where(c => c.Kind == kind).Select(word))}" : null;
    }
}
