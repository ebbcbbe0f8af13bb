using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>The rules between the fields of an ingest job (DESIGN §8).</summary>
internal static partial class IngestRules
{
    private static readonly string[] DatePatterns = [.. from order in new[] { "yyyy", "yyyy MM", "yyyy MM dd", "yyyy MM dd HH" } from mark in new[] { "/", "-" } select order.Replace(" ", mark, StringComparison.Ordinal)];

    public static void Check(SectionReader section, IngestDefinition job, PipelineEnvironment environment)
    {
        CheckModes(section, job);
        CheckLayout(section, job);
        CheckNames(section, job);
        CheckTables(section, job);
        DriftParser.Check(section, job);
        if (job.SourceType.Length > 0)
        {
            CheckSource(section, job, environment);
        }
    }

    private static void CheckModes(SectionReader section, IngestDefinition job)
    {
        if (job.IncrementalMode == IncrementalMode.Incremental && job.WatermarkColumn is null)
        {
            section.Add(DiagnosticCodes.NeedsWatermark, "incremental_mode", "incremental_mode: incremental needs watermark_column.", "Name a column that grows with every change.");
        }
        if (job.ErrorHandling == ErrorHandling.Quarantine && job.QuarantinePath is null)
        {
            section.Add(DiagnosticCodes.NeedsQuarantinePath, "error_handling", "error_handling: quarantine needs quarantine_path.", $"Add quarantine_path: quarantine/{job.Table}.");
        }
        if (job.SchemaMode == SchemaMode.User && job.UserSchema.Count == 0)
        {
            section.Add(DiagnosticCodes.NeedsUserSchema, "schema_mode", "schema_mode: user needs user_schema.", "List the columns with their types.");
        }
        if (job.WriteMode is WriteMode.Merge or WriteMode.Scd2 && !section.Has("dedupe_keys") && job.Tables.Count == 0)
        {
            section.Add(DiagnosticCodes.NeedsDedupeKeys, "write_mode", $"write_mode: {job.WriteMode.ToText()} needs dedupe_keys.", "Name the columns that identify a row.");
        }
        if (job.LagWindow is { } lag && Durations.Parse(lag) is null && !(decimal.TryParse(lag, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= 0))
        {
            section.Add(DiagnosticCodes.InvalidLagWindow, "lag_window", $"'{lag}' is neither a duration nor a number.", "Write 15m, 2h or 1d for a time, or a number for a numeric watermark.");
        }
        if (job.DetectDeletes && (job.WriteMode is not (WriteMode.Merge or WriteMode.Scd2) || job.IncrementalMode == IncrementalMode.Incremental || SourceTypes.KindOf(job.Connector) is SourceKind.Files or SourceKind.Stream or SourceKind.Changes))
        {
            section.Add(DiagnosticCodes.DeletesNotSeen, "detect_deletes", "detect_deletes compares the keys of the whole source with those of the table, and this job does not read the whole source into a merge.", "Use it with write_mode: merge or scd2, incremental_mode: full, and a database or an API.");
        }
        Effects.Warn(section, "lag_window", job.IncrementalMode == IncrementalMode.Incremental, "incremental_mode is incremental");
        Effects.Warn(section, "null_cursor", job.IncrementalMode == IncrementalMode.Incremental || job.NullCursor == NullCursor.Include, "incremental_mode is incremental");
        Effects.Warn(section, "watermark_column", job.IncrementalMode == IncrementalMode.Incremental, "incremental_mode is incremental");
        Effects.Warn(section, "last_watermark_value", job.IncrementalMode == IncrementalMode.Incremental, "incremental_mode is incremental");
        Effects.Warn(section, "quarantine_path", job.ErrorHandling == ErrorHandling.Quarantine, "error_handling is quarantine");
        Effects.Warn(section, "user_schema", job.SchemaMode == SchemaMode.User, "schema_mode is user");
        Effects.Warn(section, "landing_retention_days", job.Landing == LandingMode.Copy, "landing is copy");
    }

    private static void CheckLayout(SectionReader section, IngestDefinition job)
    {
        if (job.PartitionMode == PartitionMode.Column && string.IsNullOrWhiteSpace(job.PartitionColumn))
        {
            section.Add(DiagnosticCodes.NeedsPartitionColumn, "partition_mode", "partition_mode: column needs partition_column.", "Name the column.");
        }
        if (job.PartitionMode == PartitionMode.Date && !DatePatterns.Contains(job.PartitionPattern))
        {
            section.Add(DiagnosticCodes.InvalidPartitionPattern, "partition_pattern", $"'{job.PartitionPattern}' is no date pattern.", "Use yyyy/MM/dd, yyyy/MM, yyyy or yyyy/MM/dd/HH. For a column set partition_mode: column.");
        }
        Effects.Warn(section, "partition_pattern", job.PartitionMode != PartitionMode.None, "partition_mode is date or column");
        Effects.Warn(section, "partition_column", job.PartitionMode != PartitionMode.None, "partition_mode is date or column");
        var unknown = Placeholder().Matches(job.FilenamePattern).Select(m => m.Value).FirstOrDefault(p => p is not ("{timestamp}" or "{filename}"));
        var problem =
            unknown is not null ? $"knows no {unknown}"
            : !job.FilenamePattern.Contains("{filename}", StringComparison.Ordinal) ? "lacks {filename}, so two files could get one name"
            : job.FilenamePattern.AsSpan().IndexOfAny('/', '\\', '\0') >= 0 ? "makes a path, not a name"
            : null;
        if (problem is not null)
        {
            section.Add(DiagnosticCodes.InvalidFilenamePattern, "filename_pattern", $"The pattern '{job.FilenamePattern}' {problem}.", "Use {timestamp} and {filename}, as in {timestamp}_{filename}.");
        }
        if (job.QuarantinePath is { } path && path.Split('/', '\\').Contains(".."))
        {
            section.Add(DiagnosticCodes.UnsafePath, "quarantine_path", $"'{path}' leaves the lake's folder.", "Remove the '..', or give an absolute path.");
        }
    }

    private static void CheckTables(SectionReader section, IngestDefinition job)
    {
        Effects.Warn(section, "table_prefix", job.Tables.Count > 0, "tables is given");
        if (job.Tables.Count == 0)
        {
            return;
        }
        Effects.Warn(section, "table", false, "tables is not given");
        var problem = SourceTypes.KindOf(job.Connector) == SourceKind.Files ? "files are no tables"
            : (job.Config["table_name"] ?? job.Config["query"]) is not null ? "config says what to read too"
            : !job.ForceToParquet ? "force_to_parquet: false makes no tables" : null;
        if (problem is not null)
        {
            section.Add(DiagnosticCodes.SeveralTables, "tables", $"'tables' cannot be used here: {problem}.", "Use either tables or config.table_name.");
        }
        if (job.TablePrefix.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_') || job.TablePrefix.Length > 0 && char.IsAsciiDigit(job.TablePrefix[0]))
        {
            section.Add(DiagnosticCodes.SeveralTables, "table_prefix", $"'{job.TablePrefix}' cannot begin a table's name.", "Use lower-case letters, digits and _, as in crm_.");
        }
        foreach (var twice in SourceTables.KnownTables(job).GroupBy(t => t).Where(g => g.Count() > 1))
        {
            section.Add(DiagnosticCodes.SeveralTables, "tables", $"Two of the tables become bronze.{twice.Key}.", "Name them with their schema, or read one of them in a job of its own.");
        }
    }

    private static void CheckNames(SectionReader section, IngestDefinition job)
    {
        foreach (var pair in job.RenameMap.Where(r => r.Value.Length == 0))
        {
            section.Add(DiagnosticCodes.WrongType, "rename_map", $"'rename_map' gives '{pair.Key}' no name.", "Write the new name after the colon.");
        }
        foreach (var group in job.RenameMap.Where(r => r.Value.Length > 0).GroupBy(r => r.Value, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
        {
            section.Add(DiagnosticCodes.RenameCollision, "rename_map", $"'rename_map' calls {string.Join(" and ", group.Select(g => $"'{g.Key}'"))} both '{group.Key}'.", "Give each its own name.");
        }
        foreach (var name in job.Computed.Keys.Where(n => n.StartsWith("_ff_", StringComparison.OrdinalIgnoreCase)))
        {
            section.Add(DiagnosticCodes.ReservedName, "computed", $"'{name}' begins with _ff_, as FlowForge's own columns do.", "Choose another name.");
        }
        foreach (var pair in job.RenameMap.Where(r => r.Value.StartsWith("_ff_", StringComparison.OrdinalIgnoreCase)))
        {
            section.Add(DiagnosticCodes.ReservedName, "rename_map", $"'{pair.Value}' begins with _ff_, as FlowForge's own columns do.", "Choose another name.");
        }
    }

    private static void CheckSource(SectionReader section, IngestDefinition job, PipelineEnvironment environment)
    {
        var missing = (job.Connector, SourceTypes.KindOf(job.Connector)) switch
        {
            ("file" or "rest" or "graphql" or "http", _) when job.Connection is not null => default,
            ("file", _) => Lacks("path") ? ("path", "the files to read: a path, with * and ** if need be") : default,
            ("delta", _) => job.Connection is null && Lacks("path") ? ("path", "the table's folder") : default,
            (null, _) when job.Connection is null => ("connection_id", "the connection to use"),
            (_, SourceKind.Database) when job.Tables.Count == 0 => Lacks("query") && Lacks("table_name") ? ("query", "what to read: query or table_name") : default,
            (_, SourceKind.Changes) when job.Tables.Count == 0 => Lacks("table_name") ? ("table_name", "the table whose changes are read") : default,
            ("rest" or "graphql" or "http", _) => Lacks("url") && Lacks("base_url") ? ("url", "the address to read") : default,
            _ => default,
        };
        if (missing != default && !(environment.Connectors is { } installed && job.Connector is { } name && !installed.Contains(name)))
        {
            section.Diagnostics.Add(
                DiagnosticCodes.ConfigIncomplete, section.PlaceOf("config"), $"{section.Path}.config.{missing.Item1}", $"config.{missing.Item1} is missing: {missing.Item2}.",
                $"Add 'config: {{ {missing.Item1}: … }}'.");
        }

        bool Lacks(string setting) => job.Config[setting] switch
        {
            null or JsonArray { Count: 0 } => true,
            JsonValue value => string.IsNullOrWhiteSpace(value.ToString()),
            _ => false,
        };
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();
}
