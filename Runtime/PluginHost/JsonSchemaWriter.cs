using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>Writes a spec as JSON Schema. Own code and no serializer: serializers keep a plugin's types alive for good.</summary>
internal static class JsonSchemaWriter
{
    public static JsonObject Object(SpecDescription spec)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var setting in spec.Settings)
        {
            properties[setting.Name] = Setting(setting);
            if (setting.Required) required.Add(setting.Name);
        }
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (required.Count > 0) schema["required"] = required;
        return schema;
    }

    private static JsonObject Setting(SettingDescription setting)
    {
        var schema = Type(setting.Type);
        schema["title"] = setting.Title;
        if (setting.Description.Length > 0) schema["description"] = setting.Description;
        if (Value(setting.Default) is { } value) schema["default"] = value;
        if (setting.Pattern is not null) schema["pattern"] = $"^(?:{setting.Pattern})$";
        if (setting.Example is not null) schema["examples"] = new JsonArray(setting.Example);
        var (minimum, maximum) = setting.Kind switch
        {
            SettingKind.Text or SettingKind.Secret => ("minLength", "maxLength"),
            SettingKind.List => ("minItems", "maxItems"),
            _ => ("minimum", "maximum"),
        };
        if (setting.Minimum is { } low) schema[minimum] = low;
        if (setting.Maximum is { } high) schema[maximum] = high;
        if (setting.Scope == SettingScope.Connection) schema["x-scope"] = "connection";
        if (setting.When is { } when) schema["x-when"] = new JsonObject { [when.Setting] = new JsonArray([.. when.Values.Select(v => (JsonNode)v)]) };
        return schema;
    }

    private static JsonObject Type(SettingType type) => type.Kind switch
    {
        SettingKind.Boolean => new() { ["type"] = "boolean" },
        SettingKind.Integer => new() { ["type"] = "integer" },
        SettingKind.Number => new() { ["type"] = "number" },
        SettingKind.Time => new() { ["type"] = "string", ["format"] = "date-time" },
        SettingKind.Duration => new() { ["type"] = "string", ["x-format"] = "duration" },
        SettingKind.Address => new() { ["type"] = "string", ["format"] = "uri" },
        SettingKind.Choice => new() { ["enum"] = new JsonArray([.. type.Choices.Select(c => (JsonNode)c)]) },
        SettingKind.Secret => new() { ["type"] = "string", ["writeOnly"] = true, ["x-secret"] = true },
        SettingKind.List => new() { ["type"] = "array", ["items"] = Type(type.Element!) },
        SettingKind.Map => new() { ["type"] = "object", ["additionalProperties"] = Type(type.Element!) },
        SettingKind.Group => Object(type.Group!),
        _ => new() { ["type"] = "string" },
    };

    /// <summary>A default as JSON; secrets, groups and empty collections have none worth showing.</summary>
    internal static JsonNode? Value(object? value) => value switch
    {
        null or Secret => null,
        string text => text.Length == 0 ? null : JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        Enum choice => JsonValue.Create(SnakeCase.From(choice.ToString())),
        int or long or short or byte => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        double or float or decimal => JsonValue.Create(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        TimeSpan span => JsonValue.Create(span.ToString("c", CultureInfo.InvariantCulture)),
        DateTimeOffset time => JsonValue.Create(time.ToString("O", CultureInfo.InvariantCulture)),
        Uri uri => JsonValue.Create(uri.ToString()),
        IDictionary => null,
        IList list => list.Count == 0 ? null : new JsonArray([.. list.Cast<object?>().Select(Value)]),
        _ => null,
    };
}
