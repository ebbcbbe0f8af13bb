using System.Diagnostics;
using System.Text;
using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

/// <summary>Texts that break readers: they must end in diagnostics, quickly.</summary>
public sealed class HostileTextTests
{
    [Theory]
    [InlineData("", "(1,1): error FF1006: The file is empty. Begin with 'pipeline: name'.")]
    [InlineData(" \n\t\n", "(1,1): error FF1006: The file is empty. Begin with 'pipeline: name'.")]
    [InlineData("# only this\n", "(1,1): error FF1006: The file holds no pipeline, only comments. Begin with 'pipeline: name'.")]
    [InlineData("~", "(1,1): error FF1006: The file holds no pipeline, only comments. Begin with 'pipeline: name'.")]
    [InlineData("just text", "(1,1): error FF1102: A pipeline is a mapping of fields, not a text. Begin with 'pipeline: name'.")]
    [InlineData("- a\n- b", "(1,1): error FF1102: A pipeline is a mapping of fields, not a list. Begin with 'pipeline: name'.")]
    [InlineData("pipeline: a\n---\npipeline: b\n", "(2,1): error FF1004: The file holds more than one YAML document. Keep one pipeline per file: remove the line '---'.")]
    [InlineData("pipeline: !!python/object:os.system x\n", "(1,11): error FF1001: The tag 'tag:yaml.org,2002:python/object:os.system' is not used in pipelines. Remove the tag.")]
    [InlineData("pipeline: *nobody\n", "(1,11): error FF1001: The alias '*nobody' names no anchor that is complete before it. Define '&nobody' above, or put a text that begins with '*' in quotes.")]
    [InlineData("pipeline: &a [ *a ]\n", "(1,16): error FF1001: The alias '*a' names no anchor that is complete before it. Define '&a' above, or put a text that begins with '*' in quotes.")]
    [InlineData("[a]: b\n", "(1,1): error FF1001: A key must be a text, not a list. Put the key in quotes.")]
    [InlineData("<<: 3\n", "(1,1): error FF1001: '<<' takes a mapping or a list of mappings, not a number. Name an anchored mapping: '<<: *defaults'.")]
    public void Parse_NoPipelineAtAll_IsSaid(string text, string expected) => Assert.Equal([expected], Bad(text));

    [Fact]
    public void Parse_DuplicateKeys_NameTheFirst()
    {
        Assert.Equal(
            ["(4,5): error FF1005: 'sql' stands here twice; the first is on line 3. Remove one of them."],
            Bad("pipeline: p\ngold:\n  a: { sql: SELECT 1,\n    sql: SELECT 2 }\n"));
        Assert.Equal(
            ["(3,1): error FF1005: 'pipeline' stands here twice; the first is on line 2. Remove one of them."],
            Bad("{\"gold\": {\"a\": \"SELECT 1\"},\n\"pipeline\": \"p\",\n\"pipeline\": \"q\"}"));
    }

    [Fact]
    public void Parse_TabIndentation_SaysSo()
    {
        var diagnostic = Assert.Single(PipelineParser.Parse("pipeline: p\ningest:\n\ta:\n\t\tsource_type: file\n").Diagnostics);
        Assert.Equal(("FF1001", 3, "YAML indents with spaces: replace the tab."), (diagnostic.Code, diagnostic.Line, diagnostic.Suggestion));
    }

    [Theory]
    [InlineData("pipeline: p\ngold: {\n")]
    [InlineData("pipeline: \"p\n")]
    [InlineData("pipeline: p\n  gold: x\n")]
    [InlineData("pipeline: p\ngold:\n  a: SELECT 'x': y\n b: 1\n")]
    [InlineData("pipeline: @p\n")]
    [InlineData("pipeline: %p\n")]
    [InlineData("pipeline: \"\\x\"\n")]
    [InlineData("%YAML 9.9\n---\npipeline: p\n")]
    [InlineData("pipeline: p\0q\n")]
    [InlineData("? ? ? :\n")]
    [InlineData("&a &b c: d\n")]
    public void Parse_BrokenYaml_IsOneDiagnosticWithALine(string text)
    {
        var result = PipelineParser.Parse(text);
        Assert.False(result.IsValid);
        var diagnostic = result.Diagnostics[0];
        Assert.InRange(diagnostic.Line ?? 0, 1, 6);
        Assert.DoesNotContain("YamlDotNet", diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"pipeline\": \"p\",}", "(1,18): error FF1002: This is not JSON: The JSON object contains a trailing comma at the end which is not supported in this mode. Change the reader options. Check commas, quotes and brackets here.")]
    [InlineData("{\n  \"pipeline\": \"ä\" \"b\"\n}", "(2,19): error FF1002: This is not JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'. Check commas, quotes and brackets here.")]
    [InlineData("{\"pipeline\": \"p\"} x", "(1,19): error FF1002: This is not JSON: 'x' is invalid after a single JSON value. Expected end of data. Check commas, quotes and brackets here.")]
    [InlineData("{\"pipeline\": \"\\ud800\"}", "(1,14): error FF1002: This is not JSON: a text holds an escape that is no character. Check the \\u escapes.")]
    public void Parse_BrokenJson_PointsAtIt(string text, string expected) => Assert.Equal([expected], Bad(text, PipelineFormat.Json));

    [Fact]
    public void Parse_FlowYamlThatBeginsLikeJson_IsYaml() => Assert.Equal("p", Good("{ pipeline: p, gold: { a: SELECT 1 } }").Name);

    [Fact]
    public void Parse_BrokenJsonOfUnknownFormat_ComplainsAsJson() =>
        Assert.StartsWith("(2,3): error FF1002: This is not JSON: ", Bad("{\"pipeline\": \"p\"\n  \"gold\": {}")[0], StringComparison.Ordinal);

    [Fact]
    public void Parse_ByteOrderMarkAndWindowsLines_AreFine()
    {
        var pipeline = Good("\uFEFFpipeline: p\r\ngold:\r\n  a:\r\n    sql: |\r\n      SELECT 1\r\n      FROM bronze.x\r\n");
        Assert.Equal(("SELECT 1\nFROM bronze.x\n", 5, 7), (pipeline.Datasets[0].Sql, pipeline.Datasets[0].SqlLine, pipeline.Datasets[0].SqlColumn));
    }

    [Fact]
    public void Parse_BillionLaughs_IsRefusedQuickly()
    {
        var text = new StringBuilder("pipeline: p\nx-0: &a0 [ha]\n");
        for (var i = 1; i < 30; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"x-{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }
        AssertQuick(text.ToString(), "(7,56): error FF1003: The text has more than 200000 values, aliases counted each time. Split the pipeline, or move its SQL to files of their own (sql_file).");
    }

    [Fact]
    public void Parse_LaughingMergeKeys_AreRefusedQuickly()
    {
        var text = new StringBuilder("pipeline: p\nx-0: &a0 { k: [" + string.Join(", ", Enumerable.Repeat("1", 50_000)) + "] }\n");
        text.Append("x-1: { <<: *a0 }\nx-2: { <<: *a0 }\nx-3: { <<: *a0 }\nx-4: { <<: *a0 }\n");
        AssertQuick(text.ToString(), "(5,6): error FF1003: The text has more than 200000 values, aliases counted each time. Split the pipeline, or move its SQL to files of their own (sql_file).");
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Parse_EndlessNesting_IsRefusedQuickly(string open) =>
        AssertQuick(
            "pipeline: p\nx-a: " + (open == "[" || open[0] == '{' ? "" : "\n  ") + string.Concat(Enumerable.Repeat(open, 100_000)), null,
            d => d.Code is "FF1003" or "FF1001");

    [Fact]
    public void Parse_EndlessJsonNesting_IsRefusedQuickly() =>
        AssertQuick("{\"a\":" + new string('[', 1_000_000), "(1,45): error FF1003: The text has more than 40 levels of nesting.");

    [Fact]
    public void Parse_AliasesThatAddDepth_AreRefused()
    {
        var text = new StringBuilder("pipeline: p\nx-0: &a0 [x]\n");
        for (var i = 1; i < 60; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"x-{i}: &a{i} [ *a{i - 1} ]\n");
        }
        AssertQuick(text.ToString(), null, d => d.Message == "The text has more than 40 levels of nesting.");
    }

    [Fact]
    public void Parse_TooLong_IsRefused() => AssertQuick(
        new string('#', 2_000_001),
        "error FF1003: The text has 2000001 characters; 2000000 are allowed. Split the pipeline, or move its SQL to files of their own (sql_file).");

    [Fact]
    public void Parse_ManyUnknownFields_StopsCounting()
    {
        var text = "pipeline: p\n" + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"unknown_{i}: 1\n"));
        var watch = Stopwatch.StartNew();
        Assert.Equal(200, PipelineParser.Parse(text).Diagnostics.Count);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
    }

    [Fact]
    public void Parse_ManyJobsAndColumns_IsQuick()
    {
        var text = "pipeline: p\ningest:\n  a:\n    source_type: file\n    config: { path: a.csv }\n    schema_mode: user\n    user_schema:\n"
            + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"      c{i}: int\n"))
            + "    dedupe_keys: [" + string.Join(", ", Enumerable.Range(0, 20_000).Select(i => $"c{i}")) + "]\n"
            + "silver:\n" + string.Concat(Enumerable.Range(0, 5_000).Select(i => $"  d{i}: SELECT 1\n"));
        var watch = Stopwatch.StartNew();
        var result = PipelineParser.Parse(text);
        Assert.Empty(result.Diagnostics);
        Assert.Equal(5_000, result.Definition!.Datasets.Count);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
    }

    [Fact]
    public void Parse_DamagedTexts_NeverThrow()
    {
        const string Good = """
            pipeline: p
            schedule: { cron: "0 2 * * *", timezone: Europe/Berlin }
            retry: { delay: 5s }
            ingest:
              a: &a
                source_type: file_local
                config: { path: 'a.csv', "x": [1, 2.5, true, ~] }
                user_schema: [ { name: x, type: "DECIMAL(10,2)" } ]
                checks: [ { range: { column: a, min: 1 } }, { not_null: [x] } ]
              b: { <<: *a, table: c }
            silver:
              s:
                sql: |
                  SELECT 1
            """;
        var random = new Random(20240517);
        const string Pieces = "{}[]:,-&*!|>'\"%@`#\n\t \\0a\u00e4\ud83d~<?";
        for (var i = 0; i < 3_000; i++)
        {
            var text = new StringBuilder(Good);
            for (var damage = random.Next(1, 6); damage > 0; damage--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(3))
                {
                    case 0:
                        text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at));
                        break;
                    case 1:
                        text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                        break;
                    default:
                        text[at] = Pieces[random.Next(Pieces.Length)];
                        break;
                }
            }
            var result = PipelineParser.Parse(text.ToString());
            Assert.True(result.Definition is not null || result.Diagnostics.Count > 0);
            PipelineParser.Parse(text.ToString(), PipelineFormat.Json);
        }
    }

    private static void AssertQuick(string text, string? expected, Predicate<Diagnostic>? which = null)
    {
        var watch = Stopwatch.StartNew();
        var diagnostics = PipelineParser.Parse(text).Diagnostics;
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
        if (expected is not null)
        {
            Assert.Equal([expected], diagnostics.Select(d => d.ToString()));
        }
        else
        {
            Assert.Contains(diagnostics, which!);
        }
    }
}
