using FlowForge.Api.Notebooks;
using FlowForge.Pipelines;

namespace FlowForge.Api.Tests.Notebooks;

/// <summary>The SQL of a promoted cell is the cell's, letter by letter, whatever is in it.</summary>
public sealed class PipelineTextTests
{
    private const string Yaml = "pipeline: p\nsilver:\n    other:\n        sql: SELECT 1 AS one\n";

    [Theory]
    [InlineData("SELECT string_split(x, '\t') AS parts FROM bronze.a")]
    [InlineData("SELECT 'one  \n\n\ttwo \n  ' AS lines\nFROM bronze.a")]
    [InlineData("    SELECT 1 AS n\nFROM bronze.a")]
    [InlineData("\n\tSELECT 1 AS n\nFROM bronze.a")]
    [InlineData("# no comment of YAML\n: - [x]\n--- \n...")]
    [InlineData("SELECT 'a\rb\u0085c\u2028d\"e\\f\tg \nh' AS odd, '😀ü' AS fine")]
    public void WithDataset_AnySql_IsReadAsItWas(string sql)
    {
        foreach (var yaml in new[] { Yaml, Yaml.Replace("\n", "\r\n", StringComparison.Ordinal), "pipeline: p\n", "pipeline: p\nsilver:\n          deep:\n            sql: SELECT 1 AS one\n" })
        {
            var text = PipelineText.WithDataset(yaml, "silver", "mine", sql)!;
            var read = PipelineParser.Parse(text);
            Assert.True(read.IsValid, string.Join("\n", read.Diagnostics) + "\n" + text);
            Assert.Equal(sql, read.Definition!.Datasets.Single(d => d.Name == "mine").Sql!.TrimEnd('\n'));
        }
    }

    [Fact]
    public void WithDataset_PlainSql_IsWrittenAsAPersonWould() =>
        Assert.Equal(Yaml + "    mine:\n        sql: |\n            SELECT 1\n\n            FROM t\n", PipelineText.WithDataset(Yaml, "silver", "mine", "SELECT 1\n\nFROM t"));
}
