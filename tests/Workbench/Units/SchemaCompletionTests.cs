using System.Diagnostics;
using System.Text.Json;

namespace FlowForge.Workbench.Tests.Units;

/// <summary>The editor's completion, run by Node as the browser would: where the cursor is decides what is offered.</summary>
public sealed class SchemaCompletionTests
{
    private const string Schema = """
        {"type":"object","properties":{"pipeline":{"type":"string"},"ingest":{"type":"object","additionalProperties":{"$ref":"#/$defs/ingest"}},"silver":{"type":"object","additionalProperties":{"$ref":"#/$defs/dataset"}}},
        "$defs":{"ingest":{"properties":{"source_type":{"enum":["file_local","api"]},"is_reference":{"type":"boolean"},"config":{"type":"object","properties":{"path":{"type":"string"},"delimiter":{"type":"string"}}}}},
        "dataset":{"properties":{"sql":{"type":"string"},"checks":{"type":"array","items":{"oneOf":[{"properties":{"not_null":{"type":"array"}}},{"properties":{"range":{"type":"object","properties":{"column":{"type":"string"},"min":{"type":"number"}}}}}]}}}}}}
        """;

    [Theory]
    [InlineData("|", "pipeline ingest silver")]
    [InlineData("pipeline: x\n|", "ingest silver")]
    [InlineData("ingest:\n  a:\n    |", "source_type is_reference config")]
    [InlineData("ingest:\n  a:\n    source_type: |", "file_local api")]
    [InlineData("ingest:\n  a:\n    is_reference: t|", "true false")]
    [InlineData("ingest:\n  a:\n    source_type: api\n    config:\n      |\n    is_reference: true", "path delimiter")]
    [InlineData("ingest:\n  a:\n    config:\n      path: x\n  b:\n    |", "source_type is_reference config")]
    [InlineData("silver:\n  t:\n    checks:\n      - |", "not_null range")]
    [InlineData("silver:\n  t:\n    checks:\n    - |", "not_null range")]
    [InlineData("silver:\n  t:\n    checks:\n      - range:\n          |", "column min")]
    [InlineData("silver:\n  t:\n    checks:\n      - not_null: [a]\n    |", "sql")]
    public async Task CompletionAt_TheCursor_OffersWhatMayStandThere(string text, string expected)
    {
        var cursor = text.IndexOf('|', StringComparison.Ordinal);
        var row = text[..cursor].Count(c => c == '\n');
        var column = cursor - (text[..cursor].LastIndexOf('\n') + 1);
        var lines = JsonSerializer.Serialize(text.Remove(cursor, 1).Split('\n'));
        var script = $"import {{ completionAt }} from {JsonSerializer.Serialize(new Uri(SourceFile()).AbsoluteUri)}; console.log(completionAt({Schema}, {lines}, {row}, {column}).items.map(i => i.label).join(' '))";
        Assert.Equal(expected, await NodeAsync(script));
    }

    private static async Task<string> NodeAsync(string script)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("--input-type=module");
        start.ArgumentList.Add("--eval");
        start.ArgumentList.Add(script);
        using var node = Process.Start(start)!;
        var error = node.StandardError.ReadToEndAsync();
        var output = await node.StandardOutput.ReadToEndAsync();
        Assert.True(output.Length > 0, await error);
        return output.Trim();
    }

    private static string SourceFile()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "FlowForge.sln")))
            folder = folder.Parent;
        return Path.Combine(folder.FullName, "Workbench", "Assets", "src", "schema.js");
    }
}
