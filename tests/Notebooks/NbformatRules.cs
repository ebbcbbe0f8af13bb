using System.Text.Json.Nodes;
using NJsonSchema;

namespace FlowForge.Notebooks.Tests;

/// <summary>Holds a file against nbformat's own JSON Schema of version 4.5 (the file beside this, as the Jupyter project publishes it under BSD-3-Clause), and against what it says in words: ids differ.</summary>
internal static class NbformatRules
{
    private static readonly Task<JsonSchema> Schema = ReadAsync();

    public static async Task CheckAsync(string text)
    {
        Assert.Equal([], (await Schema).Validate(text).Select(e => $"line {e.LineNumber} {e.Path}: {e.Kind}"));
        var ids = JsonNode.Parse(text)!["cells"]!.AsArray().Select(c => c!["id"]!.GetValue<string>()).ToList();
        Assert.Equal(ids.Distinct(), ids);
    }

    /// <summary>A check that lets everything pass checks nothing.</summary>
    public static async Task RefusesAsync(string text) => Assert.NotEmpty((await Schema).Validate(text));

    private static async Task<JsonSchema> ReadAsync()
    {
        using var reader = new StreamReader(typeof(NbformatRules).Assembly.GetManifestResourceStream("nbformat.v4.5.schema.json")!);
        // The reader of schemas does not look into groups of definitions: theirs stand one level higher for it.
        var schema = JsonNode.Parse((await reader.ReadToEndAsync()).Replace("#/definitions/misc/", "#/definitions/misc_", StringComparison.Ordinal))!;
        var definitions = schema["definitions"]!.AsObject();
        foreach (var (name, definition) in definitions["misc"]!.AsObject().ToArray()) definitions["misc_" + name] = definition!.DeepClone();
        definitions.Remove("misc");
        return await JsonSchema.FromJsonAsync(schema.ToJsonString());
    }
}
