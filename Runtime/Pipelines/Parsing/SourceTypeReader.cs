using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>Reads source_type and format, which belong together.</summary>
internal static class SourceTypeReader
{
    /// <summary>The connector; null for db_query and for what is unknown.</summary>
    public static string? Connector(SectionReader section, string? sourceType, PipelineEnvironment environment, string field = "source_type")
    {
        if (sourceType is null)
        {
            return null;
        }
        var connector = SourceTypes.Aliases.TryGetValue(sourceType, out var alias) ? alias : sourceType;
        if (connector is null)
        {
            return null;
        }
        if (environment.Connectors is { } installed)
        {
            if (!installed.Contains(connector))
            {
                section.Add(
                    DiagnosticCodes.UnknownSourceType, field,
                    alias is null ? $"There is no connector '{sourceType}' here." : $"'{sourceType}' needs the connector '{connector}', which is not installed.",
                    Nearest.Of(sourceType, [.. installed, .. SourceTypes.Aliases.Keys]) is { } near && near != sourceType ? $"Did you mean '{near}'?" : $"Installed: {string.Join(", ", installed.Order(StringComparer.Ordinal))}.");
            }
        }
        else if (alias is null && SourceTypes.KindOf(connector) == SourceKind.Unknown
            && Nearest.Of(sourceType, [.. SourceTypes.Connectors, .. SourceTypes.Aliases.Keys]) is { } nearest)
        {
            // Nobody says what is installed: only a slip of the pen can be told from a plugin's name.
            section.Add(DiagnosticCodes.UnknownSourceType, field, $"There is no connector '{sourceType}'.", $"Did you mean '{nearest}'?");
        }
        return connector;
    }

    /// <summary>The format as written, else as the path's ending says; null where the source has none.</summary>
    public static string? Format(SectionReader section, string? sourceType, string? connector, JsonObject config, PipelineEnvironment environment)
    {
        var written = section.Text("format")?.ToLowerInvariant();
        if (sourceType is null)
        {
            return written;
        }
        var fitting = SourceTypes.FormatsOf(connector, environment.Formats);
        var kind = SourceTypes.KindOf(connector);
        if (written is null)
        {
            if (kind != SourceKind.Files)
            {
                return kind == SourceKind.Api ? "json" : null;
            }
            var place = config["path"] ?? config["url"];
            var path = (place is JsonArray places ? places.FirstOrDefault() : place) as JsonValue;
            var guessed = path is null ? null : SourceTypes.FormatOfPath(path.ToString(), environment);
            if (guessed is null && path is not null)
            {
                section.Diagnostics.Add(
                    DiagnosticCodes.FormatMissing, section.PlaceOf("source_type"), section.PathOf("format"), $"The path '{path}' does not say which format its files have.",
                    $"Add format: {string.Join(", ", fitting)}.");
            }
            return guessed;
        }
        if (!fitting.Contains(written) && kind != SourceKind.Unknown)
        {
            section.Add(
                DiagnosticCodes.FormatRefused, "format",
                fitting.Count == 0 ? $"'{sourceType}' hands over rows and has no format." : $"'{sourceType}' cannot be read as '{written}'.",
                fitting.Count == 0 ? "Remove 'format'."
                : Nearest.Of(written, fitting) is { } nearest ? $"Did you mean '{nearest}'?"
                : $"It can be {string.Join(", ", fitting)}.");
        }
        return written;
    }
}
