using System.Text.Json.Nodes;

namespace FlowForge.Notebooks.Tests;

/// <summary>What nbformat 4.5 demands of a file, as its description says: members that must and may be there, and their types.</summary>
internal static class NbformatRules
{
    private static readonly Dictionary<string, (string[] Must, string[] May)> Members = new()
    {
        ["code"] = (["id", "cell_type", "metadata", "source", "outputs", "execution_count"], []),
        ["markdown"] = (["id", "cell_type", "metadata", "source"], ["attachments"]),
        ["raw"] = (["id", "cell_type", "metadata", "source"], ["attachments"]),
        ["execute_result"] = (["output_type", "data", "metadata", "execution_count"], []),
        ["display_data"] = (["output_type", "data", "metadata"], []),
        ["stream"] = (["output_type", "name", "text"], []),
        ["error"] = (["output_type", "ename", "evalue", "traceback"], []),
    };

    public static void Check(string text)
    {
        var root = (JsonObject)JsonNode.Parse(text)!;
        Assert.Equal(["cells", "metadata", "nbformat", "nbformat_minor"], root.Select(m => m.Key).Order(StringComparer.Ordinal));
        Assert.Equal(4, root["nbformat"]!.GetValue<int>());
        Assert.True(root["nbformat_minor"]!.GetValue<int>() >= 5);
        if (root["metadata"]!["kernelspec"] is JsonObject spec) Assert.True(spec["name"] is JsonValue && spec["display_name"] is JsonValue);
        if (root["metadata"]!["language_info"] is JsonObject language) Assert.True(language["name"] is JsonValue);
        var ids = new HashSet<string>();
        foreach (var cell in root["cells"]!.AsArray().Cast<JsonObject>())
        {
            Shape(cell, cell["cell_type"]!.GetValue<string>());
            var id = cell["id"]!.GetValue<string>();
            Assert.Matches("^[a-zA-Z0-9-_]{1,64}$", id);
            Assert.True(ids.Add(id), $"Two cells have the id {id}.");
            Assert.IsType<JsonObject>(cell["metadata"]);
            Lines(cell["source"]);
            if (cell["metadata"]!["jupyter"]?["source_hidden"] is { } hidden) hidden.GetValue<bool>();
            foreach (var output in (cell["outputs"] as JsonArray ?? []).Cast<JsonObject>()) Output(output);
            Count(cell["execution_count"]);
        }
    }

    private static void Output(JsonObject output)
    {
        Shape(output, output["output_type"]!.GetValue<string>());
        Count(output["execution_count"]);
        if (output["text"] is { } text) Lines(text);
        foreach (var line in output["traceback"] as JsonArray ?? []) line!.GetValue<string>();
        foreach (var (type, data) in output["data"] as JsonObject ?? [])
            if (!type.EndsWith("json", StringComparison.Ordinal)) Lines(data);
    }

    private static void Shape(JsonObject json, string kind)
    {
        Assert.True(Members.TryGetValue(kind, out var members), $"'{kind}' is nothing that nbformat knows.");
        Assert.Empty(members.Must.Except(json.Select(m => m.Key)));
        Assert.Empty(json.Select(m => m.Key).Except(members.Must).Except(members.May));
    }

    private static void Lines(JsonNode? node)
    {
        if (node is JsonValue one) one.GetValue<string>();
        else foreach (var line in (JsonArray)node!) line!.GetValue<string>();
    }

    private static void Count(JsonNode? node) => Assert.True(node is null || node.GetValue<int>() >= 0);
}
