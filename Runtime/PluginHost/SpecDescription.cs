using System.Reflection;
using System.Text.Json.Nodes;

namespace FlowForge.PluginHost;

/// <summary>A connector's settings, read from its spec record: the one place that form, validation and JSON Schema come from.</summary>
public sealed class SpecDescription
{
    private readonly Type _type;

    internal SpecDescription(string name, Type type)
    {
        (_type, Name) = (type, name);
        if (type.GetConstructor([]) is null)
            throw new PluginException($"Spec {type.FullName} needs a constructor without parameters: write its settings as properties.");
        var defaults = Create();
        Settings = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null && p.GetIndexParameters().Length == 0).Select(p => new SettingDescription(p, defaults))];
    }

    public string Name { get; }
    public IReadOnlyList<SettingDescription> Settings { get; }

    internal object Create() => Activator.CreateInstance(_type)!;

    /// <summary>The settings as JSON Schema (draft 2020-12).</summary>
    public JsonObject ToJsonSchema()
    {
        var schema = JsonSchemaWriter.Object(this);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        return schema;
    }
}
