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
        foreach (var setting in Settings) setting.When?.Check(setting, Settings);
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

    /// <summary>What is wrong with settings, without opening anything; empty when nothing is.</summary>
    /// <param name="given">The settings.</param>
    /// <param name="others">Names in them that belong to somebody else.</param>
    /// <param name="secrets">Answers <c>name</c> of a stored secret, null when there is none.</param>
    /// <param name="connectionOnly">Settings that a job gives may be missing.</param>
    public IReadOnlyList<SettingError> Check(JsonObject given, IReadOnlySet<string> others, Func<string, string?> secrets, bool connectionOnly)
    {
        var binder = new SettingsBinder(Name, SecretReferences.Resolver(secrets), connectionOnly ? BindingUse.CheckConnection : BindingUse.CheckJob);
        binder.Bind(this, given, others);
        return binder.Errors;
    }

    /// <summary>A copy of the settings in which each secret's text is what <paramref name="replace"/> (path, text) makes of it.</summary>
    public JsonObject MapSecrets(JsonObject given, Func<string, string, string> replace) => SecretSettings.Map(this, given, "", replace);
}
