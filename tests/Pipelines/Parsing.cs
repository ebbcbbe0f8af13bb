namespace FlowForge.Pipelines.Tests;

/// <summary>Short forms for parser tests.</summary>
internal static class Parsing
{
    public static readonly PipelineEnvironment Trusting = new() { Now = new DateTimeOffset(2024, 5, 17, 12, 0, 0, TimeSpan.Zero) };

    /// <summary>The definition of a text that has no diagnostics.</summary>
    public static PipelineDefinition Good(string text, PipelineFormat? format = null)
    {
        var result = PipelineParser.Parse(text, format, Trusting);
        Assert.Empty(result.Diagnostics);
        Assert.True(result.IsValid);
        return result.Definition!;
    }

    /// <summary>The diagnostics of a text, as a compiler would print them.</summary>
    public static string[] Bad(string text, PipelineFormat? format = null, PipelineEnvironment? environment = null) =>
        [.. PipelineParser.Parse(text, format, environment ?? Trusting).Diagnostics.Select(d => d.ToString())];

    /// <summary>An ingest job that is valid but for the lines given, which begin on line 4.</summary>
    public static string Job(params string[] lines) =>
        "pipeline: p\ningest:\n  flights:\n" + string.Concat(lines.Concat(
            lines.Any(l => l.StartsWith("source_type:", StringComparison.Ordinal)) ? [] : ["source_type: file_local"]).Concat(
            lines.Any(l => l.StartsWith("config:", StringComparison.Ordinal)) ? [] : ["config: { path: a.csv }"]).Select(l => $"    {l}\n"));

    public static IngestDefinition GoodJob(params string[] lines) => Good(Job(lines)).Ingest.Single();

    public static string[] BadJob(params string[] lines) => Bad(Job(lines));

    /// <summary>A silver dataset that is valid but for the lines given, which begin on line 4.</summary>
    public static string Dataset(params string[] lines) =>
        "pipeline: p\nsilver:\n  clean:\n" + string.Concat(lines.Concat(
            lines.Any(l => l.StartsWith("sql", StringComparison.Ordinal)) ? [] : ["sql: SELECT 1 AS a"]).Select(l => $"    {l}\n"));

    public static DatasetDefinition GoodDataset(params string[] lines) => Good(Dataset(lines)).Datasets.Single();

    public static string[] BadDataset(params string[] lines) => Bad(Dataset(lines));
}
