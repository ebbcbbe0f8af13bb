using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>Reads <c>drift</c> and <c>drift_columns</c> of an ingest job, and says when they cannot hold.</summary>
internal static class DriftParser
{
    /// <param name="section">The job.</param>
    /// <param name="config">Its connector's settings: <c>drift</c> may stand here too, and is taken out.</param>
    public static DriftPolicy Read(SectionReader section, JsonObject config)
    {
        var policy = section.Choice<DriftPolicy>("drift")!.Value;
        if (!config.ContainsKey("drift")) return policy;
        var text = config["drift"]?.ToString();
        config.Remove("drift");
        var place = (section.Node["config"] as MappingNode)?["drift"]?.Place ?? section.PlaceOf("config");
        var path = section.PathOf("config.drift");
        if (section.Has("drift"))
            section.Diagnostics.Add(DiagnosticCodes.DriftRefused, place, path, "'drift' is written twice: for the job and under config.", "Keep the job's own.");
        else if (!EnumText.TryParse(text, out policy))
            section.Diagnostics.Add(DiagnosticCodes.UnknownChoice, place, path, $"'drift' is '{text}'; it may be {string.Join(", ", EnumText.All<DriftPolicy>())}.", Nearest.Of(text ?? "", EnumText.All<DriftPolicy>()) is { } nearest ? $"Did you mean '{nearest}'?" : null);
        return policy;
    }

    public static IReadOnlyDictionary<string, DriftPolicy> Columns(SectionReader section)
    {
        var columns = new Dictionary<string, DriftPolicy>(StringComparer.OrdinalIgnoreCase);
        foreach (var (column, text) in section.TextMap("drift_columns"))
        {
            if (!EnumText.TryParse<DriftPolicy>(text, out var policy))
                Add(DiagnosticCodes.UnknownChoice, column, $"The drift rule of '{column}' is '{text}'; it may be {string.Join(", ", EnumText.All<DriftPolicy>())}.", Nearest.Of(text, EnumText.All<DriftPolicy>()) is { } nearest ? $"Did you mean '{nearest}'?" : null);
            else if (!columns.TryAdd(column, policy))
                Add(DiagnosticCodes.DriftRefused, column, $"'{column}' has two drift rules: upper and lower case are the same.", "Keep one of them.");
            else if (column.StartsWith("_ff_", StringComparison.OrdinalIgnoreCase))
                Add(DiagnosticCodes.ReservedName, column, $"'{column}' begins with _ff_, as FlowForge's own columns do.", "These never drift: remove the rule.");
        }
        return columns;

        void Add(DiagnosticCode code, string column, string message, string? suggestion) =>
            section.Diagnostics.Add(code, section.Mapping("drift_columns")?[column]?.Place ?? section.PlaceOf("drift_columns"), $"{section.PathOf("drift_columns")}.{column}", message, suggestion);
    }

    public static void Check(SectionReader section, IngestDefinition job)
    {
        foreach (var column in job.DriftColumns.Keys.Where(c => job.RenameMap.Keys.Contains(c, StringComparer.OrdinalIgnoreCase) && !job.RenameMap.Values.Contains(c, StringComparer.OrdinalIgnoreCase)))
            section.Add(DiagnosticCodes.DriftRefused, "drift_columns", $"'{column}' is renamed to '{job.RenameMap.First(r => string.Equals(r.Key, column, StringComparison.OrdinalIgnoreCase)).Value}' by rename_map, and the table has no such column.", "Name the column as the table has it.");
        if (!job.ForceToParquet)
        {
            Effects.Warn(section, "drift", false, "force_to_parquet is true");
            Effects.Warn(section, "drift_columns", false, "force_to_parquet is true");
        }
        if (job.Landing != LandingMode.Reference || (job.Drift != DriftPolicy.Hold && !job.DriftColumns.Values.Contains(DriftPolicy.Hold))) return;
        section.Add(DiagnosticCodes.DriftRefused, job.Drift == DriftPolicy.Hold ? "drift" : "drift_columns", "drift: hold keeps the landed copy of what was read, and landing: reference makes none.", "Remove landing: reference, or use drift: freeze.");
    }
}
