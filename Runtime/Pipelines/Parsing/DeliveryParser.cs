using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>Reads a delivery and judges what its fields say together.</summary>
internal static partial class DeliveryParser
{
    public static DeliveryDefinition? Read(SectionReader section, PipelineEnvironment environment)
    {
        var (to, connection, from) = (section.Text("to"), section.Text("connection"), section.Text("from"));
        if (to is null && connection is null)
            section.Diagnostics.Add(DiagnosticCodes.DeliveryUnclear, section.Place, section.PathOf("to"), "The delivery does not say where to.", "Add to: with a connector that can write (file, s3), or connection: with the name of a saved one.");
        var connector = ConnectionRules.Connector(section, to, SourceTypeReader.Connector(section, to, environment, "to"), connection, environment, "to");
        if (from is not null && !TableForm().IsMatch(from))
            section.Add(DiagnosticCodes.DeliveryUnclear, "from", $"'{from}' is no table with its layer.", "Write bronze.NAME, silver.NAME or gold.NAME.");
        var delivery = new DeliveryDefinition
        {
            Name = section.Path["deliveries.".Length..],
            From = from ?? "",
            To = to,
            Connector = connector,
            Connection = connection,
            Path = section.Text("path")?.Trim(),
            Table = section.Text("table"),
            Mode = section.Choice<DeliveryMode>("mode")!.Value,
            Keys = section.Texts("keys"),
            Description = section.Text("description"),
            Pool = Names.Pool(section),
            Config = section.Json("config"),
            Line = section.Place.Line,
            FromPlace = section.Node["from"]?.Place is { } place ? (place.Line, place.Column) : (section.Place.Line, 1),
        };
        delivery = delivery with { Format = Format(section, delivery, environment, Takes(section, delivery, environment)) };
        foreach (var finding in environment.CheckSink?.Invoke(delivery) ?? [])
            section.Diagnostics.Add(DiagnosticCodes.SettingRefused, section.Mapping("config")?.Key(finding.Setting.Split('.', '[')[0])?.Place ?? section.Place, $"{section.Path}.config.{finding.Setting}", finding.Message, finding.Suggestion);
        return from is not null && TableForm().IsMatch(from) ? delivery : null;
    }

    /// <summary>What the sink takes; what nobody knows here is told by the fields.</summary>
    private static SinkKind? Takes(SectionReader section, DeliveryDefinition delivery, PipelineEnvironment environment)
    {
        var field = section.Has("connection") ? "connection" : "to";
        SinkKind? kind = null;
        if (environment.Sinks is { } sinks && delivery.Connector is { } connector && environment.Connectors?.Contains(connector) != false && !sinks.TryGetValue(connector, out kind))
        {
            section.Add(DiagnosticCodes.CannotWrite, field, $"The connector '{connector}' reads only.", sinks.Count == 0 ? "No connector here can write." : $"Those that can write: {string.Join(", ", sinks.Keys.Order(StringComparer.Ordinal))}.");
            return null;
        }
        kind ??= delivery switch { { Path: not null, Table: null } => SinkKind.Files, { Path: null, Table: not null } => SinkKind.Rows, _ => null };
        var (wanted, other) = kind == SinkKind.Rows ? ("table", "path") : ("path", "table");
        if (!section.Has(wanted))
            section.Diagnostics.Add(DiagnosticCodes.DeliveryUnclear, section.Place, section.PathOf(wanted), $"The delivery does not say {(wanted == "path" ? "which file or folder it writes" : "which table it writes")}.", wanted == "path" ? "Add path: exports/sales.parquet." : "Add table: with its name there.");
        if (section.Has(other))
            section.Add(DiagnosticCodes.DeliveryUnclear, other, $"The delivery has '{other}', but {delivery.Connector ?? "its connector"} takes {(kind == SinkKind.Rows ? "rows" : "files")}.", $"Remove '{other}'.");
        if (kind == SinkKind.Rows && section.Has("format"))
            section.Add(DiagnosticCodes.DeliveryUnclear, "format", "A table has no format.", "Remove 'format'.");
        if (delivery.Mode == DeliveryMode.Merge && kind == SinkKind.Files)
            section.Add(DiagnosticCodes.DeliveryUnclear, "mode", "mode: merge changes rows of a table, and files have none that could be changed.", "Write mode: replace, or mode: append.");
        else if (delivery.Mode == DeliveryMode.Merge && delivery.Keys.Count == 0)
            section.Add(DiagnosticCodes.NeedsKeys, "mode", "mode: merge needs keys.", "Name the key columns: keys: [id].");
        Effects.Warn(section, "keys", delivery.Mode == DeliveryMode.Merge, "mode is merge");
        return kind;
    }

    private static string? Format(SectionReader section, DeliveryDefinition delivery, PipelineEnvironment environment, SinkKind? kind)
    {
        var written = section.Text("format") is not null ? section.OneOf("format") : null;
        if (kind != SinkKind.Files || delivery.Path is not { Length: > 0 } path) return written;
        var said = SourceTypes.FormatOfPath(path, environment);
        if (path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) || (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".zst", StringComparison.OrdinalIgnoreCase)) && said is "parquet")
        {
            section.Add(DiagnosticCodes.DeliveryUnclear, "path", $"'{path}' asks for a packing that is not written.", "CSV and NDJSON may end in .gz or .zst; Parquet is compressed inside.");
            return written ?? said;
        }
        if (delivery.Mode == DeliveryMode.Append)
        {
            if (said is not null)
                section.Add(DiagnosticCodes.DeliveryUnclear, "path", $"mode: append adds files to a folder, and '{path}' is a file.", $"Name the folder, and write format: {said}.");
            else if (written is null)
                section.Add(DiagnosticCodes.FormatMissing, "path", $"The folder '{path}' does not say which format its files have.", $"Add format: {string.Join(", ", DeliveryFields.Formats)}.");
            return written;
        }
        // The ending is part of the promise that no pipeline or notebook is overwritten by a delivery.
        if (said is null || !DeliveryFields.Formats.Contains(said))
            section.Add(DiagnosticCodes.FormatMissing, "path", $"The path '{path}' does not end as a file that can be delivered.", "End it in .parquet, .csv, .ndjson or .jsonl; the text formats may be packed: .csv.gz.");
        else if (written is not null && written != said)
            section.Add(DiagnosticCodes.FormatRefused, "format", $"'{path}' ends as {said}, and format says {written}.", "Remove 'format', or end the path otherwise.");
        return said ?? written;
    }

    [GeneratedRegex("^(bronze|silver|gold)\\.[a-z][a-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex TableForm();
}
