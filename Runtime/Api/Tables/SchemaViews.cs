using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using SchemaDifference = FlowForge.Catalog.SchemaDifference;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using TableColumn = FlowForge.Contracts.TableColumn;

namespace FlowForge.Api.Tables;

/// <summary>The schemas that tables had, what differs between them, and what a change touches. Thread-safe.</summary>
internal sealed class SchemaViews(KnownTables tables, CatalogDatabase catalog, PipelineReader reader, ColumnLineages lineages)
{
    /// <summary>Newest first.</summary>
    public IReadOnlyList<SchemaVersion> History(TableName table)
    {
        var entries = Entries(table);
        return [.. entries.Select((e, i) => new SchemaVersion(e.TableVersion, e.At, e.RunId, Columns(e), i + 1 < entries.Count ? Differences(SchemaDiff.Of(entries[i + 1].Columns, e.Columns)) : []))];
    }

    /// <summary>Two versions; a version has the schema of the newest entry up to it.</summary>
    public SchemaComparison Compare(TableName table, long from, long to)
    {
        var entries = Entries(table);
        var (before, after) = (At(entries, table, from), At(entries, table, to));
        var differences = SchemaDiff.Of(before.Columns, after.Columns);
        var gone = differences.Where(d => d.Kind == DifferenceKind.Removed).Select(d => new LikeColumn(d.Column, d.Before!)).ToList();
        var come = differences.Where(d => d.Kind == DifferenceKind.Added).Select(d => new LikeColumn(d.Column, d.After!)).ToList();
        return new SchemaComparison(table.ToString(), from, to, Columns(before), Columns(after), Differences(differences),
            Renames(ColumnLikeness.Suggest(gone, come, static (_, _) => null)), Impact(table, differences));
    }

    /// <summary>What reads the columns that changed: columns and conditions of other tables, checks, and the job's own settings.</summary>
    public IReadOnlyList<ChangeImpact> Impact(TableName table, IReadOnlyList<SchemaDifference> differences)
    {
        var impact = new List<ChangeImpact>();
        var job = JobOf(table);
        foreach (var change in differences.Where(d => d.Kind is not (DifferenceKind.Added or DifferenceKind.Renamed)))
        {
            var effect = change.Kind == DifferenceKind.Removed ? "gets no values any more" : $"meets another type ({change})";
            foreach (var step in lineages.Of(table, change.Column).Downstream)
                impact.Add(step.Column is { } made ? new ChangeImpact(change.Column, "column", $"{step.Table}.{made}", effect) : new ChangeImpact(change.Column, "condition", step.Table, $"a condition on {step.InputColumn} decides which rows it has"));
            if (job is null) continue;
            foreach (var check in job.Checks.Where(c => c.Columns.Contains(change.Column, StringComparer.OrdinalIgnoreCase) || Mentions(c.Sql, change.Column)))
                impact.Add(new ChangeImpact(change.Column, "check", $"{job.Name}: {check.Title}", change.Kind == DifferenceKind.Removed ? "fails, or has nothing to look at" : "judges another type"));
            foreach (var (setting, value) in Settings(job).Where(s => Mentions(s.Value, change.Column)))
                impact.Add(new ChangeImpact(change.Column, "setting", $"{job.Name}: {setting}", change.Kind == DifferenceKind.Removed ? "names a column that the source lacks: the job fails" : "meets another type"));
        }
        return [.. impact.Distinct()];
    }

    public static IReadOnlyList<Contracts.SchemaDifference> Differences(IEnumerable<Catalog.SchemaDifference> differences) =>
        [.. differences.Select(d => new Contracts.SchemaDifference(Enum.Parse<SchemaDifferenceKind>(d.Kind.ToString()), d.Column, d.Before, d.After, d.ToString()))];

    public static IReadOnlyList<Contracts.RenameSuggestion> Renames(IEnumerable<Catalog.RenameSuggestion> renames) => [.. renames.Select(r => new Contracts.RenameSuggestion(r.From, r.To, r.Likeness, r.Reason))];

    /// <summary>The catalog's entries, with the newest schema as the table has it: a restore, or a catalog that was lost, leaves none.</summary>
    private IReadOnlyList<SchemaHistoryEntry> Entries(TableName table)
    {
        var latest = tables[table].Latest();
        if (latest is not null)
        {
            var now = latest.Schema.Columns.Where(c => !c.IsReserved).Select(c => new SchemaColumn(c.Name, c.DuckType, c.Nullable, c.OriginalName)).ToArray();
            var known = catalog.Schemas.List(table.ToString(), 1);
            if (known.Count == 0 || !known[0].Columns.SequenceEqual(now))
            {
                var commit = tables[table].History(1, latest.Version + 1) is [var entry] ? entry : null;
                catalog.Schemas.Record(new SchemaHistoryEntry(table.ToString(), latest.Version, commit?.RunId ?? latest.State?.RunId ?? commit?.Operation ?? "unknown", commit?.Committed ?? DateTimeOffset.UtcNow, now));
            }
        }
        return catalog.Schemas.List(table.ToString(), 1000);
    }

    private static SchemaHistoryEntry At(IReadOnlyList<SchemaHistoryEntry> entries, TableName table, long version) =>
        entries.FirstOrDefault(e => e.TableVersion <= version) ?? throw ProblemException.NotFound("FF4160", $"The schema of {table} in version {version} is not known.", "GET …/schemas lists the versions in which it changed.");

    private IngestDefinition? JobOf(TableName table) =>
        table.Layer == Layer.Bronze && tables[table].Latest()?.State is { } state && catalog.Pipelines.Get(state.Pipeline) is { } version ? reader.Read(version).Definition?.Ingest.FirstOrDefault(j => j.Name == state.Job) : null;

    private static IEnumerable<(string Name, string? Value)> Settings(IngestDefinition job) =>
    [
        ("dedupe_keys", string.Join(", ", job.DedupeKeys)), ("watermark_column", job.WatermarkColumn), ("partition_column", job.PartitionColumn), ("filter", job.Filter),
        .. job.Computed.Select(c => ($"computed {c.Key}", (string?)c.Value)),
    ];

    private static bool Mentions(string? text, string column) => text is not null && System.Text.RegularExpressions.Regex.IsMatch(text, $@"(?<![\w]){System.Text.RegularExpressions.Regex.Escape(column)}(?![\w])", System.Text.RegularExpressions.RegexOptions.IgnoreCase);

    private static IReadOnlyList<TableColumn> Columns(SchemaHistoryEntry entry) => [.. entry.Columns.Select(c => new TableColumn(c.Name, c.Type, c.Nullable, c.OriginalName))];
}
