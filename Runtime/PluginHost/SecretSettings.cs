using System.Text.Json.Nodes;

namespace FlowForge.PluginHost;

/// <summary>Finds the secrets among settings, in groups, lists and maps too.</summary>
internal static class SecretSettings
{
    public static JsonObject Map(SpecDescription spec, JsonObject given, string prefix, Func<string, string, string> replace)
    {
        var result = new JsonObject();
        foreach (var (name, node) in given)
            result[name] = spec.Settings.FirstOrDefault(s => s.Name == name) is { } setting ? Value(setting.Type, node, prefix + name, replace) : node?.DeepClone();
        return result;
    }

    private static JsonNode? Value(SettingType type, JsonNode? node, string path, Func<string, string, string> replace) => (type.Kind, node) switch
    {
        (SettingKind.Secret, JsonValue value) => JsonValue.Create(replace(path, value.GetValueKind() is System.Text.Json.JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString())),
        (SettingKind.Group, JsonObject group) => Map(type.Group!, group, path + ".", replace),
        (SettingKind.Map, JsonObject map) => new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, Value(type.Element!, p.Value, $"{path}.{p.Key}", replace)))),
        (SettingKind.List, JsonArray list) => new JsonArray([.. list.Select((item, i) => Value(type.Element!, item, $"{path}.{i}", replace))]),
        (SettingKind.List, JsonValue single) => Value(type.Element!, single, path, replace),
        _ => node?.DeepClone(),
    };
}
