using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed class PipelineParserTests
{
    private const string Flights =
        """
        # The example of the design.
        pipeline: flights
        schedule: { cron: "0 2 * * *", timezone: Europe/Berlin }
        ingest:
          airports:
            source_type: file_local
            format: csv
            is_reference: true
            config: { path: data/airports.csv }
          flights:
            source_type: file_local
            format: json
            error_handling: quarantine
            quarantine_path: quarantine/flights
            config: { path: data/flights-*.json }
        silver:
          flights_clean:
            sql: SELECT * FROM bronze.flights
            checks: [ { not_null: [origin, date] }, { range: { column: delay, min: -120 } } ]
        gold:
          delays_by_airport:
            sql: |
              SELECT *
              FROM silver.flights_clean JOIN bronze.airports USING (iata)
        """;

    [Fact]
    public void Parse_DesignExample_IsRead()
    {
        var pipeline = Good(Flights);
        Assert.Equal("flights", pipeline.Name);
        Assert.Equal(new ScheduleDefinition { Cron = "0 2 * * *", Timezone = "Europe/Berlin" }, pipeline.Schedule);
        Assert.Equal(["airports", "flights"], pipeline.Ingest.Select(i => i.Name));
        Assert.True(pipeline.Ingest[0].IsReference);
        var flights = pipeline.Ingest[1];
        Assert.Equal(
            ("file_local", "file", "json", ErrorHandling.Quarantine, "quarantine/flights", 10),
            (flights.SourceType, flights.Connector, flights.Format, flights.ErrorHandling, flights.QuarantinePath, flights.Line));
        Assert.Equal("data/flights-*.json", (string?)flights.Config["path"]);
        var clean = pipeline.Datasets[0];
        Assert.Equal(("silver.flights_clean", "SELECT * FROM bronze.flights", 18, 10, true), (clean.Table, clean.Sql, clean.SqlLine, clean.SqlColumn, clean.SqlLinesMatch));
        Assert.Equal(["not_null(origin, date)", "range(delay, -120..)"], clean.Checks.Select(c => c.Title));
        var delays = pipeline.Datasets[1];
        Assert.Equal(("gold", 23, 7, true), (delays.Layer, delays.SqlLine, delays.SqlColumn, delays.SqlLinesMatch));
    }

    [Fact]
    public void Parse_SameAsJson_GivesTheSame()
    {
        var json =
            """
            {
              // comments are fine
              "pipeline": "flights",
              "schedule": "0 2 * * *",
              "max_parallel_jobs": 2,
              "ingest": { "flights": { "source_type": "file_local", "is_reference": true, "config": { "path": "a.csv", "skip": 1, "header": false, "null": null, "share": 0.5 } } },
              "gold": { "g": "SELECT 1\nFROM bronze.flights" }
            }
            """;
        var yaml = """
            pipeline: flights
            schedule: 0 2 * * *
            max_parallel_jobs: 2
            ingest:
              flights:
                source_type: file_local
                is_reference: true
                config: { path: a.csv, skip: 1, header: false, null: ~, share: 0.5 }
            gold:
              g: "SELECT 1\nFROM bronze.flights"
            """;
        var (a, b) = (Good(json), Good(yaml));
        Assert.Equal(b.Ingest[0].Config.ToJsonString(), a.Ingest[0].Config.ToJsonString());
        Assert.Equal(6, a.Ingest[0].Line);
        Assert.Equal((7, false), (a.Datasets[0].SqlLine, a.Datasets[0].SqlLinesMatch));
        Assert.Equal(b.Datasets[0].Sql, a.Datasets[0].Sql);
        Assert.Equal((b.Name, b.Schedule, b.MaxParallelJobs), (a.Name, a.Schedule, a.MaxParallelJobs));
        Assert.Equal(b.Ingest[0].IsReference, a.Ingest[0].IsReference);
    }

    [Fact]
    public void Parse_OnlyWhatIsNeeded_FillsDefaults()
    {
        var pipeline = Good(Job());
        Assert.Equal(
            (null, OverlapPolicy.Skip, 4, new RetryDefinition()), (pipeline.Schedule, pipeline.OnOverlap, pipeline.MaxParallelJobs, pipeline.Retry));
        var job = pipeline.Ingest[0];
        Assert.Equal(("csv", "flights", true, false), (job.Format, job.Table, job.ForceToParquet, job.IsReference));
        Assert.Equal(
            (PartitionMode.Date, "yyyy/MM/dd", null, "{timestamp}_{filename}", Compression.Snappy, LandingMode.Copy, null),
            (job.PartitionMode, job.PartitionPattern, job.PartitionColumn, job.FilenamePattern, job.Compression, job.Landing, job.LandingRetentionDays));
        Assert.Equal(
            (SchemaMode.Infer, ErrorHandling.Fail, IncrementalMode.Full, WriteMode.Append), (job.SchemaMode, job.ErrorHandling, job.IncrementalMode, job.WriteMode));
        Assert.Equal((null, null, null, null, null), (job.QuarantinePath, job.WatermarkColumn, job.LastWatermarkValue, job.MaxRejects, job.Filter));
        Assert.Empty(job.UserSchema);
        Assert.Empty(job.DedupeKeys);
        Assert.Empty(job.RenameMap);
        Assert.Empty(job.Checks);
    }

    [Fact]
    public void Parse_EveryPipelineField_IsRead()
    {
        var pipeline = Good("""
            pipeline: all-of_it
            description: everything
            schedule: { cron: "*/15 * * * *", timezone: UTC, start: 2024-01-01, end: 2030-01-01T12:00:00+02:00 }
            parameters: { day: 2024-01-01, limit: 10, empty: }
            on_overlap: buffer
            max_parallel_jobs: 8
            retry: { max_attempts: 5, delay: 500ms, max_delay: 1h, backoff: 1.5 }
            gold:
              g: SELECT 1
            """);
        Assert.Equal(("all-of_it", "everything", OverlapPolicy.Buffer, 8), (pipeline.Name, pipeline.Description, pipeline.OnOverlap, pipeline.MaxParallelJobs));
        Assert.Equal(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), pipeline.Schedule!.Start);
        Assert.Equal(new DateTimeOffset(2030, 1, 1, 10, 0, 0, TimeSpan.Zero), pipeline.Schedule.End);
        Assert.Equal(new Dictionary<string, string> { ["day"] = "2024-01-01", ["limit"] = "10", ["empty"] = "" }, pipeline.Parameters);
        Assert.Equal(
            new RetryDefinition { MaxAttempts = 5, Delay = TimeSpan.FromMilliseconds(500), MaxDelay = TimeSpan.FromHours(1), Backoff = 1.5 }, pipeline.Retry);
    }

    [Fact]
    public void Parse_AnchorsAndMergeKeys_SpareRepetition()
    {
        var pipeline = Good("""
            pipeline: p
            x-defaults: &defaults { source_type: file_local, compression: zstd, format: csv }
            ingest:
              a: { <<: *defaults, config: { path: a } }
              b: { <<: [ { format: json }, *defaults ], compression: none, config: &b { path: b } }
              c: { <<: *defaults, config: *b }
            """);
        Assert.Equal([("csv", Compression.Zstd), ("json", Compression.None), ("csv", Compression.Zstd)], pipeline.Ingest.Select(i => (i.Format!, i.Compression)));
        Assert.Equal("b", (string?)pipeline.Ingest[2].Config["path"]);
    }

    [Fact]
    public void Parse_UnknownFields_SuggestTheNearest()
    {
        Assert.Equal(
            [
                "(1,1): error FF1101: A pipeline has no field 'pipelne'. [pipelne] Did you mean 'pipeline'?",
                "(1,1): error FF1103: A pipeline needs 'pipeline'. [pipeline] Name of the pipeline.",
                "(4,5): error FF1101: An ingest job has no field 'sourceType'. [ingest.a.sourceType] Did you mean 'source_type'?",
                "(5,5): error FF1101: An ingest job has no field 'xyz'. [ingest.a.xyz] Known: source_type, connection, format, table, tables, table_prefix, is_reference, force_to_parquet, landing, landing_retention_days, filename_pattern, partition_mode, partition_pattern, partition_column, compression, schema_mode, user_schema, error_handling, quarantine_path, max_rejects, dedupe_keys, incremental_mode, watermark_column, last_watermark_value, lag_window, null_cursor, detect_deletes, rename_map, drift, drift_columns, write_mode, computed, filter, pool, checks, config.",
            ],
            Bad("pipelne: p\ningest:\n  a:\n    sourceType: file_local\n    xyz: 1\n    source_type: file\n    config: { path: a.csv }\n"));
    }

    [Fact]
    public void Parse_WrongTypes_AreNamed()
    {
        Assert.Equal(
            [
                "(1,11): error FF1102: 'pipeline' must be a text, not a list. [pipeline]",
                "(2,20): error FF1105: 'max_parallel_jobs' is 0; it may be 1 to 64. [max_parallel_jobs]",
                "(3,13): error FF1104: 'on_overlap' is 'skp'; it may be skip, buffer, allow, cancel. [on_overlap] Did you mean 'skip'?",
                "(4,8): error FF1102: 'retry' must be a mapping, not a number. [retry]",
                "(6,3): error FF1102: 'ingest' must be a mapping, not a list. [ingest] Write 'name: …' instead of '- name: …'.",
                "(8,3): error FF1102: 'a' must be a dataset with its fields, not nothing. [silver.a]",
                "(9,6): error FF1102: 'b' must be a dataset with its fields, not a list. [silver.b]",
            ],
            Bad("pipeline: [p]\nmax_parallel_jobs: 0\non_overlap: skp\nretry: 3\ningest:\n  - a\nsilver:\n  a:\n  b: [x]\n"));
    }

    [Fact]
    public void Parse_WrongScalars_AreNamed()
    {
        Assert.Equal(
            [
                "(4,20): error FF1102: 'is_reference' must be true or false, not 'yes'. [ingest.flights.is_reference] Write true.",
                "(5,23): error FF1102: 'force_to_parquet' must be true or false, not a list. [ingest.flights.force_to_parquet]",
                "(6,30): error FF1102: 'landing_retention_days' must be a whole number, not a text. [ingest.flights.landing_retention_days]",
                "(7,27): error FF1110: 'dedupe_keys' lists 'ID' twice. [ingest.flights.dedupe_keys] Remove one of them.",
                "(7,31): error FF1102: 'dedupe_keys' lists texts, not a mapping. [ingest.flights.dedupe_keys]",
                "(8,20): error FF1217: 'many' is no limit. [ingest.flights.max_rejects] Write a number of rows (100) or a share of them (2%).",
                "(9,23): error FF1102: 'a' must be a text, not a list. [ingest.flights.rename_map.a]",
                "(10,17): error FF1104: 'write_mode' is 'upsert'; it may be append, replace, merge, scd2. [ingest.flights.write_mode]",
            ],
            BadJob(
                "is_reference:  yes", "force_to_parquet: [1]", "landing_retention_days:  '7'", "dedupe_keys:  [id, x, ID, {a: 1}]", "max_rejects:   many",
                "rename_map: { a:  [b] }", "write_mode: upsert"));
    }

    [Theory]
    [InlineData("Flights", "Call it 'flights'.")]
    [InlineData("my flights", "Call it 'my_flights'.")]
    [InlineData("2024", "")]
    [InlineData("2024_x", "Call it 'x'.")]
    [InlineData("größe", "Call it 'groe'.")]
    [InlineData("a.b", "Call it 'a_b'.")]
    [InlineData("a-b", "Call it 'a_b'.")]
    [InlineData("_a", "Call it 'a'.")]
    [InlineData("a'; DROP TABLE x --", "Call it 'a_drop_table_x'.")]
    public void Parse_NoName_SuggestsOne(string name, string suggestion)
    {
        var text = $"pipeline: p\nsilver:\n  \"{name}\": SELECT 1\n";
        var expected = $"(3,3): error FF1106: '{name}' is no name: lower-case letters, digits and _, beginning with a letter, up to 100 characters. [silver.{name}]";
        Assert.Equal([suggestion.Length > 0 ? $"{expected} {suggestion}" : expected], Bad(text));
    }

    [Fact]
    public void Parse_ReservedAndLongNames_AreRefused()
    {
        Assert.Equal(
            ["(3,3): error FF1215: 'a__rejects' ends in __rejects, as the tables of rejected rows do. [silver.a__rejects] Choose another name."],
            Bad("pipeline: p\nsilver:\n  a__rejects: SELECT 1\n"));
        Assert.Single(Bad($"pipeline: p\nsilver:\n  {new string('a', 101)}: SELECT 1\n"));
        Good($"pipeline: p\nsilver:\n  {new string('a', 100)}: SELECT 1\n");
        Good("pipeline: a-b\nsilver:\n  a: SELECT 1\n");
    }

    [Fact]
    public void Parse_TwoJobsOneTable_IsRefused()
    {
        Assert.Equal(
            ["(4,51): error FF1108: bronze.a is made by ingest.a already (line 3). [ingest.b.table] Give one of them another 'table'."],
            Bad("pipeline: p\ningest:\n  a: { source_type: file, config: { path: a.csv } }\n  b: { source_type: file, format: json,    table: a, config: { path: b } }\n"));
        Good("pipeline: p\ningest:\n  a: { source_type: file, config: { path: a.csv } }\n  b: { source_type: file, table: a, force_to_parquet: false, config: { path: b.csv } }\n");
    }

    [Fact]
    public void Parse_NothingToRun_IsSaid() => Assert.Equal(
        ["(1,1): error FF1107: The pipeline has neither ingest jobs nor datasets nor notebooks nor deliveries. Add a job under 'ingest:'."], Bad("pipeline: p\n"));

    [Fact]
    public void Parse_WithErrors_StillGivesWhatCanBeRead()
    {
        var result = PipelineParser.Parse(Job("compression: lz4", "format: json"));
        Assert.False(result.IsValid);
        Assert.Equal(("json", Compression.Snappy), (result.Definition!.Ingest[0].Format, result.Definition.Ingest[0].Compression));
    }
}
