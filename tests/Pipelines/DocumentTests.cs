using System.Runtime.CompilerServices;
using static FlowForge.Pipelines.Tests.Parsing;

namespace FlowForge.Pipelines.Tests;

public sealed class DocumentTests
{
    private const string Heading = "(`UPDATE_DOCS=1` in the tests of the room writes it anew).\n";

    [Fact]
    public void Pipelines_FieldTables_AreTheDeclaredFields()
    {
        var path = Path.Combine(Repository(), "Runtime", "docs", "pipelines.md");
        var text = File.ReadAllText(path);
        var head = text[..(text.IndexOf(Heading, StringComparison.Ordinal) + Heading.Length)];
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, head + FieldDocument.Markdown());
        }
        Assert.Equal(head + FieldDocument.Markdown(), File.ReadAllText(path));
    }

    [Fact]
    public void Pipelines_Example_IsValid()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "Runtime", "docs", "pipelines.md"));
        var yaml = text.Split("```yaml\n")[1].Split("```")[0];
        var pipeline = Good(yaml);
        Assert.Equal((2, 2, 5), (pipeline.Ingest.Count, pipeline.Datasets.Count, pipeline.Datasets[0].Checks.Count));
    }

    private static string Repository([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));
}
