namespace FlowForge.Pipelines;

/// <summary>The fields of an ingest job (DESIGN §8).</summary>
internal static class IngestFields
{
    public static readonly FieldSet Column = new("a column",
    [
        new("name", FieldKind.Text, "Name of the column in the source.") { Required = true },
        new("type", FieldKind.Text, "DuckDB type, or string, int, long, float, bool, datetime.") { Required = true, Examples = ["VARCHAR", "BIGINT", "DOUBLE", "DECIMAL(18,2)", "BOOLEAN", "DATE", "TIMESTAMP"] },
        new("nullable", FieldKind.Boolean, "Whether the value may be missing.") { Default = "true" },
        new("format", FieldKind.Text, "strptime format of dates and times, for example %d.%m.%Y."),
    ], MainField: "type");

    public static readonly FieldSet Ingest = new("an ingest job",
    [
        new("source_type", FieldKind.Text, "Name of a connector, or file_upload, file_local, file_s3, db_query, api, streaming, nosql.") { Required = true, Examples = [.. SourceTypes.Aliases.Keys] },
        new("connection", FieldKind.Text, "Name of a saved connection."),
        new("format", FieldKind.Text, "Format of files. Left out, the ending of config.path says it.") { Examples = SourceTypes.FileFormats },
        new("table", FieldKind.Name, "Name of the bronze table; by default the job's name."),
        new("tables", FieldKind.TextList, "Many tables of a connection, patterns such as dim_* too; each becomes a bronze table of its own."),
        new("table_prefix", FieldKind.Text, "Put before the names of the bronze tables of tables.") { Examples = ["crm_"] },
        new("is_reference", FieldKind.Boolean, "Reference tables are read before all else.") { Default = "false" },
        new("force_to_parquet", FieldKind.Boolean, "false: the files are landed only, no bronze table is made.") { Default = "true" },
        new("landing", FieldKind.Choice, "copy keeps the files as received in the landing layer; reference reads them in place.") { Choices = EnumText.All<LandingMode>(), Default = "copy" },
        new("landing_retention_days", FieldKind.Integer, "Landed files older than this are removed after a successful run, unless something needs them still; by default they stay.") { Min = 0, Max = 36_500 },
        new("filename_pattern", FieldKind.Text, "Name of a landed file, of {timestamp} and {filename}.") { Default = "{timestamp}_{filename}" },
        new("partition_mode", FieldKind.Choice, "How the bronze table's files are laid out.") { Choices = EnumText.All<PartitionMode>(), Default = "date" },
        new("partition_pattern", FieldKind.Text, "For date: yyyy/MM/dd or a part of it. For column: the column's name.") { Default = "yyyy/MM/dd", Examples = ["yyyy/MM/dd", "yyyy/MM", "yyyy"] },
        new("partition_column", FieldKind.Text, "For column: the column. For date: the column that holds the date, instead of the run's time."),
        new("compression", FieldKind.Choice, "Compression of the Parquet files.") { Choices = EnumText.All<Compression>(), Default = "snappy" },
        new("schema_mode", FieldKind.Choice, "infer: types are proposals that rows widen. user: user_schema is a contract.") { Choices = EnumText.All<SchemaMode>(), Default = "infer" },
        new("user_schema", FieldKind.Columns, "The columns: a list of {name, type, nullable, format}, or name: type.") { Section = Column },
        new("error_handling", FieldKind.Choice, "Rows that do not fit: fail publishes nothing, quarantine sets them aside with their reasons.") { Choices = EnumText.All<ErrorHandling>(), Default = "fail" },
        new("quarantine_path", FieldKind.Text, "Folder of the rejects table, relative to the lake."),
        new("max_rejects", FieldKind.RejectLimit, "More rejects than this number, or share (2%), fail the run before publishing."),
        new("dedupe_keys", FieldKind.TextList, "Columns, after renaming, that say which rows are the same."),
        new("incremental_mode", FieldKind.Choice, "incremental reads only what lies beyond the watermark.") { Choices = EnumText.All<IncrementalMode>(), Default = "full" },
        new("watermark_column", FieldKind.Text, "Column that grows with every change: a time or a number."),
        new("last_watermark_value", FieldKind.Text, "Where the first run starts. Later runs go on from the table's own record."),
        new("lag_window", FieldKind.Text, "How far before the watermark each run begins again, for rows that come late: a duration (15m, 2h, 1d) or a number. Rows that are there already are not loaded twice.") { Examples = ["15m", "1d", "1000"] },
        new("null_cursor", FieldKind.Choice, "Rows without a watermark value: include loads them once, exclude leaves them out, error fails the run.") { Choices = EnumText.All<NullCursor>(), Default = "include" },
        new("detect_deletes", FieldKind.Boolean, "true: rows of the table whose key the source no longer has are deleted (scd2: closed). Needs write_mode merge or scd2 and a source that is read in full.") { Default = "false" },
        new("rename_map", FieldKind.TextMap, "Source column name: table column name."),
        new("drift", FieldKind.Choice, "What happens when the source has new, missing or wider columns than the table: evolve lets the table follow, freeze fails the run, discard leaves new columns out and rejects values of other types, hold keeps what was read until a person has approved the change.") { Choices = EnumText.All<DriftPolicy>(), Default = "evolve" },
        new("drift_columns", FieldKind.TextMap, "The same for single columns of the table, after renaming: column: evolve, freeze, discard or hold."),
        new("write_mode", FieldKind.Choice, "What a run's rows do to the table. By default files append, databases and APIs replace, incremental merges by dedupe_keys or appends.") { Choices = EnumText.All<WriteMode>() },
        new("computed", FieldKind.TextMap, "Further columns of the table: name: SQL expression over the renamed columns of the row."),
        new("filter", FieldKind.Text, "SQL condition over the renamed and computed columns of the row; other rows are counted as filtered."),
        new("pool", FieldKind.Name, "Worker pool that executes the job; by default the pipeline's."),
        new("checks", FieldKind.Checks, "Data-quality rules, applied before the table version is published."),
        new("config", FieldKind.Free, "Settings of the connector: path and CSV options; connection_id, query, table_name; url, method, headers, auth, body, page_param, page_size, next_token_path, watermark_param."),
    ]);
}
