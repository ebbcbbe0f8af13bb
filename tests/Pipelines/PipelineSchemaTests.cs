using System.Text.Json;
using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed class PipelineSchemaTests
{
    // DESIGN §8 and SURFACES: the words that people find in the documentation.
    private static readonly string[] DocumentedJobFields =
    [
        "source_type", "format", "force_to_parquet", "partition_mode", "partition_pattern", "filename_pattern", "compression", "landing_retention_days", "schema_mode",
        "user_schema", "error_handling", "quarantine_path", "dedupe_keys", "incremental_mode", "watermark_column", "last_watermark_value", "rename_map", "is_reference",
        "config", "write_mode", "tables", "landing", "max_rejects", "computed", "filter", "table", "checks", "connection", "partition_column", "lag_window", "null_cursor", "detect_deletes", "table_prefix", "pool", "drift", "drift_columns",
    ];

    private static readonly JsonElement Schema = JsonDocument.Parse(PipelineSchema.Json).RootElement;

    [Fact]
    public void Json_Draft07_IsNamed() => Assert.Equal("http://json-schema.org/draft-07/schema#", Schema.GetProperty("$schema").GetString());

    [Fact]
    public void Json_IngestFields_AreTheDocumentedOnes() => Assert.Equal(
        DocumentedJobFields.Order(StringComparer.Ordinal), Properties(Schema.GetProperty("definitions").GetProperty("ingest")).Order(StringComparer.Ordinal));

    [Fact]
    public void Json_EveryField_IsKnownToTheParser()
    {
        AssertKnown(Properties(Schema), f => $"{f}: ~\n" + (f == "pipeline" ? "" : "pipeline: p\n"));
        AssertKnown(Properties(Schema.GetProperty("definitions").GetProperty("ingest")), f => $"pipeline: p\ningest:\n  a:\n    {f}: ~\n");
        AssertKnown(Properties(Schema.GetProperty("definitions").GetProperty("dataset")), f => $"pipeline: p\ngold:\n  a:\n    {f}: ~\n");
        AssertKnown(Properties(Schema.GetProperty("properties").GetProperty("retry")), f => $"pipeline: p\nretry:\n  {f}: ~\n");
        AssertKnown(Properties(Schema.GetProperty("definitions").GetProperty("check")), f => $"pipeline: p\ngold:\n  a: {{ sql: SELECT 1, checks: [ {{ {f}: ~ }} ] }}\n");

        static void AssertKnown(IEnumerable<string> fields, Func<string, string> text)
        {
            foreach (var field in fields)
            {
                Assert.DoesNotContain(PipelineParser.Parse(text(field)).Diagnostics, d => d.Code is "FF1101" or "FF1305");
            }
        }
    }

    [Fact]
    public void Json_EveryChoice_IsAcceptedByTheParser()
    {
        var tested = 0;
        foreach (var field in Schema.GetProperty("definitions").GetProperty("ingest").GetProperty("properties").EnumerateObject())
        {
            if (field.Value.TryGetProperty("enum", out var choices))
            {
                foreach (var choice in choices.EnumerateArray())
                {
                    tested++;
                    Assert.DoesNotContain(PipelineParser.Parse(Job($"{field.Name}: {choice.GetString()}")).Diagnostics, d => d.Code == "FF1104");
                }
                Assert.Contains(PipelineParser.Parse(Job($"{field.Name}: nonsense")).Diagnostics, d => d.Code == "FF1104");
            }
        }
        Assert.Equal(26, tested);
    }

    [Fact]
    public void Json_Defaults_AreTheParsersDefaults()
    {
        var plain = JsonSerializer.Serialize(GoodJob() with { Line = 0, Config = [] });
        foreach (var field in Schema.GetProperty("definitions").GetProperty("ingest").GetProperty("properties").EnumerateObject())
        {
            if (field.Value.TryGetProperty("default", out var value))
            {
                var text = value.ValueKind == JsonValueKind.String ? $"'{value.GetString()}'" : value.GetRawText();
                Assert.Equal(plain, JsonSerializer.Serialize(GoodJob($"{field.Name}: {text}") with { Line = 0, Config = [] }));
            }
        }
    }

    [Fact]
    public void Json_EveryField_IsExplained()
    {
        var stack = new Stack<JsonElement>([Schema]);
        var fields = 0;
        while (stack.TryPop(out var node))
        {
            if (node.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in node.EnumerateObject())
                {
                    if (property.Name == "properties" && !node.TryGetProperty("minProperties", out _))
                    {
                        foreach (var field in property.Value.EnumerateObject())
                        {
                            fields++;
                            Assert.True(field.Value.TryGetProperty("description", out var text) && text.GetString()!.EndsWith('.'), field.Name);
                        }
                    }
                    stack.Push(property.Value);
                }
            }
            else if (node.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in node.EnumerateArray())
                {
                    stack.Push(item);
                }
            }
        }
        Assert.InRange(fields, 60, 200);
    }

    [Fact]
    public async Task Json_AsAnEditorReadsIt_AcceptsWhatTheParserAccepts()
    {
        var schema = await NJsonSchema.JsonSchema.FromJsonAsync(PipelineSchema.Json);
        string[] good =
        [
            """{ "pipeline": "p", "schedule": "0 2 * * *", "gold": { "g": "SELECT 1" } }""",
            """{ "pipeline": "p", "schedule": { "cron": "@daily", "timezone": "UTC" }, "retry": { "delay": "5s", "backoff": 1.5 }, "gold": { "g": { "sql": "SELECT 1", "keys": ["a"], "mode": "merge" } } }""",
            """{ "pipeline": "p", "x-defaults": [1], "silver": { "s": { "sql_file": "a.sql", "checks": [ { "not_null": "a" }, { "unique": ["a"], "on_fail": "warn" }, { "range": { "column": "a", "min": -1 } }, { "accepted_values": { "column": "a", "values": [1, null, "x"] } }, { "row_count": { "min": 1 } }, { "not_null": { "columns": ["b"], "on_fail": "quarantine" } } ] } } }""",
            """{ "pipeline": "p", "ingest": { "a": { "source_type": "file", "schema_mode": "user", "user_schema": { "a": "int", "b": { "type": "date", "format": "%Y" } }, "max_rejects": "2%", "rename_map": { "A": "a" }, "config": { "path": "a.csv", "skip": 1 } } } }""",
            """{ "pipeline": "p", "ingest": { "a": { "source_type": "file", "schema_mode": "user", "user_schema": [ { "name": "a", "type": "int", "nullable": false } ], "max_rejects": 7, "dedupe_keys": "a", "landing_retention_days": 3, "config": { "path": "a.csv" } } } }""",
        ];
        string[] bad =
        [
            """{ "pipelne": "p" }""",
            """{ "pipeline": "P!" }""",
            """{ "pipeline": "p", "gold": { "Bad Name": "SELECT 1" } }""",
            """{ "pipeline": "p", "gold": { "g": { "sqll": "SELECT 1" } } }""",
            """{ "pipeline": "p", "gold": { "g": { "sql": "SELECT 1", "mode": "replace" } } }""",
            """{ "pipeline": "p", "gold": { "g": { "sql": "SELECT 1", "checks": [ { "not_nul": "a" } ] } } }""",
            """{ "pipeline": "p", "ingest": { "a": { "config": { "path": "a.csv" } } } }""",
            """{ "pipeline": "p", "ingest": { "a": { "source_type": "file", "compression": "lz4", "config": { "path": "a.csv" } } } }""",
            """{ "pipeline": "p", "ingest": { "a": { "source_type": "file", "is_reference": "yes", "config": { "path": "a.csv" } } } }""",
            """{ "pipeline": "p", "max_parallel_jobs": 0, "gold": { "g": "SELECT 1" } }""",
        ];
        Assert.All(good, text =>
        {
            Good(text);
            Assert.Empty(schema.Validate(text));
        });
        Assert.All(bad, text =>
        {
            Assert.NotEmpty(Bad(text));
            Assert.NotEmpty(schema.Validate(text));
        });
    }

    private static IEnumerable<string> Properties(JsonElement section) => section.GetProperty("properties").EnumerateObject().Select(p => p.Name);
}
