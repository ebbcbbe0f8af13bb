using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>Reads an ingest job and fills in its defaults; <see cref="IngestRules"/> then judges it.</summary>
internal static class IngestParser
{
    public static IngestDefinition Read(SectionReader section, PipelineEnvironment environment)
    {
        var name = section.Path["ingest.".Length..];
        var sourceType = section.Text("source_type");
        var config = section.Json("config");
        var connection = section.Text("connection") ?? (config["connection_id"] as JsonValue)?.ToString();
        var connector = ConnectionRules.Connector(section, sourceType, SourceTypeReader.Connector(section, sourceType, environment), connection, environment);
        var drift = DriftParser.Read(section, config);
        var incremental = section.Choice<IncrementalMode>("incremental_mode")!.Value;
        var keys = section.Texts("dedupe_keys");
        var partition = section.Choice<PartitionMode>("partition_mode")!.Value;
        var pattern = section.Text("partition_pattern");
        var column = section.Text("partition_column");
        var table = section.Text("table");
        if (table is not null)
        {
            Names.Check(table, isPipeline: false, section.Node["table"]!.Place, section.PathOf("table"), section.Diagnostics);
        }
        var job = new IngestDefinition
        {
            Name = name,
            SourceType = sourceType ?? "",
            Connector = connector,
            Connection = connection,
            Format = SourceTypeReader.Format(section, sourceType, connector, config, environment),
            IsReference = section.Flag("is_reference"),
            ForceToParquet = section.Flag("force_to_parquet"),
            PartitionMode = partition,
            PartitionPattern = partition == PartitionMode.Date ? pattern ?? "yyyy/MM/dd" : "yyyy/MM/dd",
            PartitionColumn = partition switch
            {
                PartitionMode.Column => column ?? pattern,
                PartitionMode.Date => column,
                _ => null,
            },
            FilenamePattern = section.Text("filename_pattern") ?? "{timestamp}_{filename}",
            Compression = section.Choice<Compression>("compression")!.Value,
            Landing = section.Choice<LandingMode>("landing")!.Value,
            LandingRetentionDays = (int?)section.Integer("landing_retention_days"),
            SchemaMode = section.Choice<SchemaMode>("schema_mode")!.Value,
            UserSchema = UserSchemaParser.Read(section),
            ErrorHandling = section.Choice<ErrorHandling>("error_handling")!.Value,
            QuarantinePath = section.Text("quarantine_path"),
            DedupeKeys = keys,
            IncrementalMode = incremental,
            WatermarkColumn = section.Text("watermark_column"),
            LastWatermarkValue = section.Text("last_watermark_value"),
            LagWindow = section.Text("lag_window"),
            NullCursor = section.Choice<NullCursor>("null_cursor")!.Value,
            DetectDeletes = section.Flag("detect_deletes"),
            RenameMap = section.TextMap("rename_map"),
            Drift = drift,
            DriftColumns = DriftParser.Columns(section),
            WriteMode = section.Choice<WriteMode>("write_mode") ?? DefaultWriteMode(connector, incremental, keys),
            MaxRejects = RejectLimits.Read(section),
            Computed = section.TextMap("computed"),
            Filter = section.Text("filter"),
            Tables = section.Texts("tables"),
            TablePrefix = section.Text("table_prefix") ?? "",
            Table = table ?? name,
            Checks = CheckParser.Read(section),
            Config = config,
            Pool = Names.Pool(section),
            Line = section.Place.Line,
        };
        IngestRules.Check(section, job, environment);
        ConnectionRules.CheckSettings(section, job, environment);
        // What is written but not read is warned of; consumers then see nothing of it.
        return job with
        {
            UserSchema = job.SchemaMode == SchemaMode.User ? job.UserSchema : [],
            QuarantinePath = job.ErrorHandling == ErrorHandling.Quarantine ? job.QuarantinePath : null,
            WatermarkColumn = incremental == IncrementalMode.Incremental ? job.WatermarkColumn : null,
            LastWatermarkValue = incremental == IncrementalMode.Incremental ? job.LastWatermarkValue : null,
        };
    }

    /// <summary>DESIGN §8: files append what is new, databases and APIs replace, changes merge, incremental merges by keys and else appends.</summary>
    private static WriteMode DefaultWriteMode(string? connector, IncrementalMode incremental, IReadOnlyList<string> keys) =>
        (incremental, SourceTypes.KindOf(connector)) switch
        {
            (IncrementalMode.Incremental, _) => keys.Count > 0 ? WriteMode.Merge : WriteMode.Append,
            (_, SourceKind.Files or SourceKind.Stream) => WriteMode.Append,
            (_, SourceKind.Changes) => WriteMode.Merge,
            _ => WriteMode.Replace,
        };
}
