using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed class IngestRulesTests
{
    [Fact]
    public void Job_EveryField_IsRead()
    {
        var job = GoodJob(
            "source_type: file_s3", "connection: lake_in", "format: NDJSON", "table: raw_flights", "is_reference: true", "force_to_parquet: true", "landing: copy",
            "landing_retention_days: 30", "filename_pattern: \"x_{filename}_{timestamp}\"", "partition_mode: column", "partition_column: country", "compression: gzip",
            "schema_mode: user", "user_schema: [ { name: id, type: int, nullable: false }, { name: day, type: date, format: \"%d.%m.%Y\" } ]",
            "error_handling: quarantine", "quarantine_path: /abs/q", "max_rejects: 2.5%", "dedupe_keys: id", "incremental_mode: incremental",
            "watermark_column: day", "last_watermark_value: 2024-01-01", "rename_map: { ID: id, Day: day }", "write_mode: scd2", "filter: id > 0",
            "checks: [ { not_null: id } ]", "config: { bucket: b, prefix: p/ }");
        Assert.Equal(
            ("file_s3", "s3", "lake_in", "ndjson", "raw_flights", true, true, LandingMode.Copy, 30),
            (job.SourceType, job.Connector, job.Connection, job.Format, job.Table, job.IsReference, job.ForceToParquet, job.Landing, job.LandingRetentionDays));
        Assert.Equal(
            ("x_{filename}_{timestamp}", PartitionMode.Column, "country", Compression.Gzip, SchemaMode.User),
            (job.FilenamePattern, job.PartitionMode, job.PartitionColumn, job.Compression, job.SchemaMode));
        Assert.Equal([new("id", "INTEGER", false), new("day", "DATE", true, "%d.%m.%Y")], job.UserSchema);
        Assert.Equal(
            (ErrorHandling.Quarantine, "/abs/q", new RejectLimit(null, 0.025), IncrementalMode.Incremental, "day", "2024-01-01"),
            (job.ErrorHandling, job.QuarantinePath, job.MaxRejects, job.IncrementalMode, job.WatermarkColumn, job.LastWatermarkValue));
        Assert.Equal(["id"], job.DedupeKeys);
        Assert.Equal(new Dictionary<string, string> { ["ID"] = "id", ["Day"] = "day" }, job.RenameMap);
        Assert.Equal((WriteMode.Scd2, "id > 0", "not_null(id)"), (job.WriteMode, job.Filter, job.Checks[0].Title));
        Assert.Equal("{\"bucket\":\"b\",\"prefix\":\"p/\"}", job.Config.ToJsonString());
    }

    [Theory]
    [InlineData("incremental_mode: incremental", "(4,23): error FF1203: incremental_mode: incremental needs watermark_column. [ingest.flights.incremental_mode] Name a column that grows with every change.")]
    [InlineData("error_handling: quarantine", "(4,21): error FF1204: error_handling: quarantine needs quarantine_path. [ingest.flights.error_handling] Add quarantine_path: quarantine/flights.")]
    [InlineData("schema_mode: user", "(4,18): error FF1205: schema_mode: user needs user_schema. [ingest.flights.schema_mode] List the columns with their types.")]
    [InlineData("partition_mode: column", "(4,21): error FF1206: partition_mode: column needs partition_column. [ingest.flights.partition_mode] Name the column.")]
    [InlineData("partition_pattern: country", "(4,24): error FF1207: 'country' is no date pattern. [ingest.flights.partition_pattern] Use yyyy/MM/dd, yyyy/MM, yyyy or yyyy/MM/dd/HH. For a column set partition_mode: column.")]
    [InlineData("partition_pattern: yyyy/mm/dd", "(4,24): error FF1207: 'yyyy/mm/dd' is no date pattern. [ingest.flights.partition_pattern] Use yyyy/MM/dd, yyyy/MM, yyyy or yyyy/MM/dd/HH. For a column set partition_mode: column.")]
    [InlineData("filename_pattern: '{timestamp}'", "(4,23): error FF1208: The pattern '{timestamp}' lacks {filename}, so two files could get one name. [ingest.flights.filename_pattern] Use {timestamp} and {filename}, as in {timestamp}_{filename}.")]
    [InlineData("filename_pattern: '{filename}_{user}'", "(4,23): error FF1208: The pattern '{filename}_{user}' knows no {user}. [ingest.flights.filename_pattern] Use {timestamp} and {filename}, as in {timestamp}_{filename}.")]
    [InlineData("filename_pattern: '../{filename}'", "(4,23): error FF1208: The pattern '../{filename}' makes a path, not a name. [ingest.flights.filename_pattern] Use {timestamp} and {filename}, as in {timestamp}_{filename}.")]
    [InlineData("write_mode: merge", "(4,17): error FF1209: write_mode: merge needs dedupe_keys. [ingest.flights.write_mode] Name the columns that identify a row.")]
    [InlineData("write_mode: scd2", "(4,17): error FF1209: write_mode: scd2 needs dedupe_keys. [ingest.flights.write_mode] Name the columns that identify a row.")]
    [InlineData("max_rejects: 101%", "(4,18): error FF1217: '101%' is no limit. [ingest.flights.max_rejects] Write a number of rows (100) or a share of them (2%).")]
    [InlineData("max_rejects: -1", "(4,18): error FF1217: '-1' is no limit. [ingest.flights.max_rejects] Write a number of rows (100) or a share of them (2%).")]
    [InlineData("rename_map: { a: x, b: X, c: y }", "(4,17): error FF1212: 'rename_map' calls 'a' and 'b' both 'x'. [ingest.flights.rename_map] Give each its own name.")]
    [InlineData("rename_map: { a: _ff_run }", "(4,17): error FF1215: '_ff_run' begins with _ff_, as FlowForge's own columns do. [ingest.flights.rename_map] Choose another name.")]
    [InlineData("rename_map: { a: }", "(4,17): error FF1102: 'rename_map' gives 'a' no name. [ingest.flights.rename_map] Write the new name after the colon.")]
    [InlineData("incremental_mode: incremental\n    watermark_column: at\n    lag_window: soon", "(6,17): error FF1218: 'soon' is neither a duration nor a number. [ingest.flights.lag_window] Write 15m, 2h or 1d for a time, or a number for a numeric watermark.")]
    [InlineData("detect_deletes: true", "(4,21): error FF1219: detect_deletes compares the keys of the whole source with those of the table, and this job does not read the whole source into a merge. [ingest.flights.detect_deletes] Use it with write_mode: merge or scd2, incremental_mode: full, and a database or an API.")]
    [InlineData("drift: holt", "(4,12): error FF1104: 'drift' is 'holt'; it may be evolve, freeze, discard, hold. [ingest.flights.drift] Did you mean 'hold'?")]
    [InlineData("drift_columns: { a: freez }", "(4,25): error FF1104: The drift rule of 'a' is 'freez'; it may be evolve, freeze, discard, hold. [ingest.flights.drift_columns.a] Did you mean 'freeze'?")]
    [InlineData("drift_columns: { a: freeze, A: hold }", "(4,36): error FF1220: 'A' has two drift rules: upper and lower case are the same. [ingest.flights.drift_columns.A] Keep one of them.")]
    [InlineData("drift_columns: { _ff_run: hold }", "(4,31): error FF1215: '_ff_run' begins with _ff_, as FlowForge's own columns do. [ingest.flights.drift_columns._ff_run] These never drift: remove the rule.")]
    [InlineData("rename_map: { a: b }\n    drift_columns: { a: hold }", "(5,20): error FF1220: 'a' is renamed to 'b' by rename_map, and the table has no such column. [ingest.flights.drift_columns] Name the column as the table has it.")]
    [InlineData("drift: hold\n    landing: reference", "(4,12): error FF1220: drift: hold keeps the landed copy of what was read, and landing: reference makes none. [ingest.flights.drift] Remove landing: reference, or use drift: freeze.")]
    [InlineData("config: { path: a.csv, drift: hold, x: 1 }\n    drift: freeze", "(4,35): error FF1220: 'drift' is written twice: for the job and under config. [ingest.flights.config.drift] Keep the job's own.")]
    [InlineData("config: { path: a.csv, drift: no }", "(4,35): error FF1104: 'drift' is 'no'; it may be evolve, freeze, discard, hold. [ingest.flights.config.drift]")]
    [InlineData("tables: [orders, dim_*]", "(4,13): error FF1216: 'tables' cannot be used here: files are no tables. [ingest.flights.tables] Use either tables or config.table_name.")]
    [InlineData("watermark_column: id", "(4,5): warning FF1109: 'watermark_column' has no effect: it is only read when incremental_mode is incremental. [ingest.flights.watermark_column] Set that, or remove this.")]
    [InlineData("quarantine_path: q", "(4,5): warning FF1109: 'quarantine_path' has no effect: it is only read when error_handling is quarantine. [ingest.flights.quarantine_path] Set that, or remove this.")]
    [InlineData("user_schema: { a: int }", "(4,5): warning FF1109: 'user_schema' has no effect: it is only read when schema_mode is user. [ingest.flights.user_schema] Set that, or remove this.")]
    [InlineData("landing_retention_days: -1", "(4,29): error FF1105: 'landing_retention_days' is -1; it may be 0 to 36500. [ingest.flights.landing_retention_days]")]
    public void Job_RuleBroken_IsSaid(string line, string expected) => Assert.Equal([expected], BadJob(line));

    [Fact]
    public void Job_Drift_IsTakenFromConfigToo()
    {
        var old = GoodJob("config: { path: a.csv, drift: Freeze, header: true }", "drift_columns: { A: hold }");
        Assert.Equal((DriftPolicy.Freeze, "{\"path\":\"a.csv\",\"header\":true}"), (old.Drift, old.Config.ToJsonString()));
        Assert.Equal(DriftPolicy.Hold, old.DriftColumns["a"]);
        Assert.Equal(DriftPolicy.Hold, GoodJob("drift: hold").Drift);
    }

    [Fact]
    public void Job_QuarantineOutsideTheLake_IsRefused() => Assert.Equal(
        ["(5,22): error FF1213: 'a/../../b' leaves the lake's folder. [ingest.flights.quarantine_path] Remove the '..', or give an absolute path."],
        BadJob("error_handling: quarantine", "quarantine_path: a/../../b"));

    [Fact]
    public void Job_WarningsOnly_IsValidAndReadsNothingOfIt()
    {
        var result = PipelineParser.Parse(Job("user_schema: { a: int }", "quarantine_path: q", "watermark_column: w", "last_watermark_value: 3"));
        Assert.True(result.IsValid);
        var job = result.Definition!.Ingest[0];
        Assert.Empty(job.UserSchema);
        Assert.Equal((null, null, null), (job.QuarantinePath, job.WatermarkColumn, job.LastWatermarkValue));
    }

    [Theory]
    [InlineData("partition_mode: none", PartitionMode.None, null, "yyyy/MM/dd")]
    [InlineData("partition_pattern: yyyy-MM", PartitionMode.Date, null, "yyyy-MM")]
    [InlineData("partition_column: day", PartitionMode.Date, "day", "yyyy/MM/dd")]
    public void Job_Partition_IsRead(string line, PartitionMode mode, string? column, string pattern)
    {
        var job = GoodJob(line);
        Assert.Equal((mode, column, pattern), (job.PartitionMode, job.PartitionColumn, job.PartitionPattern));
    }

    [Fact]
    public void Job_PartitionPatternNamesAColumn_IsThatColumn()
    {
        var job = GoodJob("partition_mode: column", "partition_pattern: country");
        Assert.Equal("country", job.PartitionColumn);
    }

    [Theory]
    [InlineData("file_local", null, WriteMode.Append)]
    [InlineData("file", "dedupe_keys: id", WriteMode.Append)]
    [InlineData("db_query", null, WriteMode.Replace)]
    [InlineData("postgres", null, WriteMode.Replace)]
    [InlineData("postgres_cdc", "dedupe_keys: id", WriteMode.Merge)]
    [InlineData("api", null, WriteMode.Replace)]
    [InlineData("streaming", null, WriteMode.Append)]
    [InlineData("my_plugin", null, WriteMode.Replace)]
    [InlineData("db_query", "incremental_mode: incremental\n    watermark_column: id", WriteMode.Append)]
    [InlineData("db_query", "incremental_mode: incremental\n    watermark_column: id\n    dedupe_keys: [id]", WriteMode.Merge)]
    [InlineData("file", "incremental_mode: incremental\n    watermark_column: id\n    dedupe_keys: [id]", WriteMode.Merge)]
    [InlineData("file", "write_mode: replace", WriteMode.Replace)]
    public void Job_WriteMode_DefaultsBySource(string source, string? line, WriteMode expected) =>
        Assert.Equal(expected, GoodJob([$"source_type: {source}", .. line is null ? Array.Empty<string>() : [line], "config: { path: a.csv, query: q, table_name: t, connection_id: c, url: u }"]).WriteMode);

    [Theory]
    [InlineData("file_local", "file")]
    [InlineData("file_upload", "file")]
    [InlineData("file_s3", "s3")]
    [InlineData("db_query", null)]
    [InlineData("api", "rest")]
    [InlineData("streaming", "kafka")]
    [InlineData("nosql", "dynamodb")]
    [InlineData("postgres", "postgres")]
    [InlineData("company_erp", "company_erp")]
    public void Job_SourceType_IsAnAliasOrAConnector(string source, string? connector)
    {
        var job = GoodJob($"source_type: {source}", "config: { path: a.csv, query: q, connection_id: c, url: u }");
        Assert.Equal((source, connector, "c"), (job.SourceType, job.Connector, job.Connection));
    }

    [Theory]
    [InlineData("a.csv", "csv")]
    [InlineData("a/b.TSV", "csv")]
    [InlineData("flights-*.json", "json")]
    [InlineData("x.ndjson.gz", "ndjson")]
    [InlineData("x.jsonl.zst", "ndjson")]
    [InlineData("**/*.parquet", "parquet")]
    public void Job_FormatLeftOut_ComesFromThePath(string path, string expected) => Assert.Equal(expected, GoodJob($"config: {{ path: '{path}' }}").Format);

    [Fact]
    public void Job_FormatLeftOutAndPathSilent_IsAskedFor() => Assert.Equal(
        ["(5,5): error FF1214: The path 'data/*' does not say which format its files have. [ingest.flights.format] Add format: csv, json, ndjson, parquet."],
        BadJob("config: { path: data/* }"));

    [Theory]
    [InlineData("file_local", "xml", "'file_local' cannot be read as 'xml'", "It can be csv, json, ndjson, parquet.")]
    [InlineData("file_local", "parqet", "'file_local' cannot be read as 'parqet'", "Did you mean 'parquet'?")]
    [InlineData("db_query", "csv", "'db_query' hands over rows and has no format", "Remove 'format'.")]
    [InlineData("postgres", "parquet", "'postgres' hands over rows and has no format", "Remove 'format'.")]
    [InlineData("api", "parquet", "'api' cannot be read as 'parquet'", "It can be json, ndjson.")]
    [InlineData("streaming", "csv", "'streaming' cannot be read as 'csv'", "It can be json.")]
    [InlineData("nosql", "csv", "'nosql' cannot be read as 'csv'", "It can be json.")]
    public void Job_SourceAndFormatDoNotFit_IsRefused(string source, string format, string message, string suggestion) => Assert.Equal(
        [$"(5,13): error FF1202: {message}. [ingest.flights.format] {suggestion}"],
        BadJob($"source_type: {source}", $"format: {format}", "config: { path: a.csv, query: q, connection_id: c, url: u }"));

    [Theory]
    [InlineData("source_type: file_loca", "(4,18): error FF1201: There is no connector 'file_loca'. [ingest.flights.source_type] Did you mean 'file_local'?")]
    [InlineData("source_type: postgress", "(4,18): error FF1201: There is no connector 'postgress'. [ingest.flights.source_type] Did you mean 'postgres'?")]
    public void Job_MistypedSource_IsRefused(string line, string expected) => Assert.Contains(expected, BadJob(line, "config: { path: a.csv }"));

    [Fact]
    public void Job_ConnectorNotInstalled_IsRefused()
    {
        var here = new PipelineEnvironment { Connectors = ["file", "acme"], Formats = ["avro"] };
        Assert.Empty(Bad(Job("source_type: acme"), environment: here));
        Assert.Empty(Bad(Job("config: { path: x.avro }"), environment: here));
        Assert.Equal(
            ["(4,18): error FF1201: 'file_s3' needs the connector 's3', which is not installed. [ingest.flights.source_type] Installed: acme, file."],
            Bad(Job("source_type: file_s3", "config: { path: a.csv }"), environment: here));
        Assert.Equal(
            ["(4,18): error FF1201: There is no connector 'acne' here. [ingest.flights.source_type] Did you mean 'acme'?"],
            Bad(Job("source_type: acne", "config: { path: a.csv }"), environment: here));
    }

    [Theory]
    [InlineData("file_local", "{}", "config.path is missing: the files to read: a path, with * and ** if need be.", "Add 'config: { path: … }'.", "path")]
    [InlineData("file_local", "{ path: [] }", "config.path is missing: the files to read: a path, with * and ** if need be.", "Add 'config: { path: … }'.", "path")]
    [InlineData("db_query", "{ query: q }", "config.connection_id is missing: the connection to use.", "Add 'config: { connection_id: … }'.", "connection_id")]
    [InlineData("db_query", "{ connection_id: c }", "config.query is missing: what to read: query or table_name.", "Add 'config: { query: … }'.", "query")]
    [InlineData("postgres", "{ query: '' }", "config.query is missing: what to read: query or table_name.", "Add 'config: { query: … }'.", "query")]
    [InlineData("api", "{ method: GET }", "config.url is missing: the address to read.", "Add 'config: { url: … }'.", "url")]
    public void Job_ConfigSaysNothing_IsAskedFor(string source, string config, string message, string suggestion, string field) => Assert.Equal(
        [$"(5,5): error FF1210: {message} [ingest.flights.config.{field}] {suggestion}"],
        BadJob($"source_type: {source}", $"config: {config}"));

    [Theory]
    [InlineData("string", "VARCHAR")]
    [InlineData("Long", "BIGINT")]
    [InlineData("decimal(10, 2)", "DECIMAL(10,2)")]
    [InlineData("numeric", "DECIMAL(18,3)")]
    [InlineData("timestamp  with time zone", "TIMESTAMP WITH TIME ZONE")]
    [InlineData("int[]", "INTEGER[]")]
    [InlineData("text[3][]", "VARCHAR[3][]")]
    [InlineData("varchar(20)", "VARCHAR")]
    [InlineData("map(text, int[])", "MAP(VARCHAR, INTEGER[])")]
    [InlineData("struct(a int, \"b c\" struct(d date))", "STRUCT(\"a\" INTEGER, \"b c\" STRUCT(\"d\" DATE))")]
    public void UserSchema_KnownType_IsDuckDbs(string type, string expected) =>
        Assert.Equal(expected, GoodJob("schema_mode: user", $"user_schema: {{ a: '{type}' }}").UserSchema.Single().Type);

    [Theory]
    [InlineData("integr", "Did you mean 'integer'?")]
    [InlineData("decimal(39,2)", "Use a DuckDB type such as VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), DATE, TIMESTAMP.")]
    [InlineData("decimal(5,6)", "Use a DuckDB type such as VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), DATE, TIMESTAMP.")]
    [InlineData("int); DROP TABLE x --", "Use a DuckDB type such as VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), DATE, TIMESTAMP.")]
    [InlineData("struct(a)", "Use a DuckDB type such as VARCHAR, BIGINT, DOUBLE, DECIMAL(18,2), DATE, TIMESTAMP.")]
    public void UserSchema_UnknownType_IsRefused(string type, string suggestion) => Assert.Equal(
        [$"(5,23): error FF1211: There is no type '{type}'. [ingest.flights.user_schema.a.type] {suggestion}"],
        BadJob("schema_mode: user", $"user_schema: {{ a: '{type}' }}"));

    [Fact]
    public void UserSchema_BothForms_AreTheSame()
    {
        var list = GoodJob("schema_mode: user", "user_schema: [ { name: a, type: int }, { name: b c, type: date, nullable: false, format: '%Y' } ]").UserSchema;
        var map = GoodJob("schema_mode: user", "user_schema: { a: int, b c: { type: date, nullable: false, format: '%Y' } }").UserSchema;
        Assert.Equal([new("a", "INTEGER"), new("b c", "DATE", false, "%Y")], list);
        Assert.Equal(list, map);
    }

    [Fact]
    public void UserSchema_Mistakes_AreNamed() => Assert.Equal(
        [
            "(6,9): error FF1103: A column needs 'type'. [ingest.flights.user_schema[0].type] DuckDB type, or string, int, long, float, bool, datetime.",
            "(7,17): error FF1110: 'user_schema' has the column 'A' twice. [ingest.flights.user_schema[1]] Remove one of them.",
            "(8,9): error FF1102: A column is a mapping with name and type, not a text. [ingest.flights.user_schema[2]] Write '- { name: id, type: BIGINT }'.",
            "(9,17): error FF1215: '_ff_run' begins with _ff_, as FlowForge's own columns do. [ingest.flights.user_schema[3]] Rename the column in the source, or leave it out.",
            "(10,31): error FF1101: A column has no field 'nulable'. [ingest.flights.user_schema[4].nulable] Did you mean 'nullable'?",
        ],
        BadJob(
            "schema_mode: user", "user_schema:", "  - { name: a }", "  - { name: A, type: int }", "  - id int", "  - { name: _ff_run, type: int }",
            "  - { name: b, type: int, nulable: false }"));

    [Theory]
    [InlineData(3, null, 3, 100, false)]
    [InlineData(3, null, 4, 100, true)]
    [InlineData(null, 0.02, 2, 100, false)]
    [InlineData(null, 0.02, 3, 100, true)]
    [InlineData(null, 0.0, 0, 0, false)]
    public void RejectLimit_IsExceeded_OnlyBeyond(int? rows, double? share, long rejected, long read, bool expected) =>
        Assert.Equal(expected, new RejectLimit(rows, share).IsExceeded(rejected, read));
}
