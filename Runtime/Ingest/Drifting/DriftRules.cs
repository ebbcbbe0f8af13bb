using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Drifting;

/// <summary>What a job's drift rules say of its columns.</summary>
internal static class DriftRules
{
    /// <summary>The rule for a column of the table, or one that would come to it.</summary>
    public static DriftPolicy PolicyOf(this IngestDefinition job, string column) => Own(job, column) ?? job.Drift;

    /// <summary>The rule that was written for this very column; null when the job's rule holds.</summary>
    public static DriftPolicy? Own(IngestDefinition job, string column) =>
        job.DriftColumns.TryGetValue(column, out var exact) ? exact
        : job.DriftColumns.FirstOrDefault(c => string.Equals(c.Key, column, StringComparison.OrdinalIgnoreCase)) is { Key: not null } other ? other.Value : null;

    public static bool Discards(this IngestDefinition job) => job.Drift == DriftPolicy.Discard || job.DriftColumns.Values.Contains(DriftPolicy.Discard);

    /// <summary>Whether new rows start from the types that the table has. A table that is replaced starts anew, unless its columns are guarded.</summary>
    public static bool KeepsTypes(this IngestDefinition job) => job.WriteMode != Pipelines.WriteMode.Replace || job.Drift != DriftPolicy.Evolve || job.DriftColumns.Values.Any(p => p != DriftPolicy.Evolve);

    /// <summary>Whether a column of the source does not come to the table.</summary>
    public static bool LeavesOut(this IngestDefinition job, string column, TableSnapshot? table) =>
        table is not null && job.SchemaMode == SchemaMode.Infer && table.Schema.Find(column) is null && job.PolicyOf(column) == DriftPolicy.Discard;

    /// <summary>The job with what people have decided before: the table remembers it. What the definition says by itself goes first.</summary>
    public static IngestDefinition With(this IngestDefinition job, DriftMemory? memory)
    {
        if (memory is null) return job;
        var renames = new Dictionary<string, string>(memory.Renames.Where(r => !job.RenameMap.ContainsKey(r.Key) && !job.RenameMap.Values.Contains(r.Value, StringComparer.OrdinalIgnoreCase)), StringComparer.Ordinal);
        foreach (var (source, name) in job.RenameMap) renames[source] = name;
        var rules = new Dictionary<string, DriftPolicy>(job.DriftColumns, StringComparer.OrdinalIgnoreCase);
        // Decisions answer what hold asks, and nothing else.
        foreach (var column in memory.Discarded.Where(c => job.PolicyOf(c) == DriftPolicy.Hold)) rules[column] = DriftPolicy.Discard;
        return job with { RenameMap = renames, DriftColumns = rules };
    }

    /// <summary>The job as it loads a held copy that was approved: the changes that a person has seen are no drift any more.</summary>
    public static IngestDefinition With(this IngestDefinition job, SchemaHold approved)
    {
        if (approved.State != HoldState.Approved) return job;
        var renames = new Dictionary<string, string>(job.RenameMap, StringComparer.Ordinal);
        foreach (var (source, column) in approved.Decision?.Renames ?? new Dictionary<string, string>()) renames[source] = column;
        var rules = new Dictionary<string, DriftPolicy>(job.DriftColumns, StringComparer.OrdinalIgnoreCase);
        foreach (var change in approved.Changes) rules[change.Column] = DriftPolicy.Evolve;
        foreach (var column in approved.Decision?.Discard ?? []) rules[column] = DriftPolicy.Discard;
        return job with { RenameMap = renames, DriftColumns = rules };
    }
}
