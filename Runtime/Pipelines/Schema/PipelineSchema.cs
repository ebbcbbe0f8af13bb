using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>The JSON Schema (draft-07, which YAML editors speak) of a pipeline: completion, hover texts and first checks in any editor.</summary>
public static class PipelineSchema
{
    /// <summary>The schema's address, to be named by <c># yaml-language-server: $schema=…</c>.</summary>
    public const string Id = "https://flowforge.dev/schema/pipeline.json";

    private static readonly Lazy<string> Text = new(() => Build().ToJsonString(new JsonSerializerOptions
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    }));

    /// <summary>The schema as indented JSON.</summary>
    public static string Json => Text.Value;

    private static JsonObject Build()
    {
        var definitions = new JsonObject
        {
            ["ingest"] = FieldSchema.Section(IngestFields.Ingest),
            ["dataset"] = FieldSchema.Section(DatasetFields.Dataset),
            ["check"] = FieldSchema.Check(),
        };
        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["$id"] = Id,
            ["title"] = "FlowForge pipeline",
        };
        foreach (var (name, value) in FieldSchema.Section(PipelineFields.Pipeline).ToList())
        {
            schema[name] = value?.DeepClone();
        }
        schema["patternProperties"] = new JsonObject { ["^x-"] = new JsonObject { ["description"] = "Not read: a place for anchors." } };
        schema["definitions"] = definitions;
        return schema;
    }
}
