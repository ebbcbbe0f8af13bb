using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Contracts;
using FlowForge.Ingest.Formats;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Api.Mapping;

/// <summary>Settings as fields of forms: those of connectors, of formats, and the fields of an ingest job from the pipeline schema.</summary>
internal static class JobForms
{
    private static readonly Lazy<JobForm> Known = new(Build);

    public static JobForm Job => Known.Value;

    public static IReadOnlyList<ConnectorField> Fields(SpecDescription spec) =>
    [
        .. spec.Settings.Select(s => new ConnectorField
        {
            Name = s.Name, Title = s.Title, Description = s.Description.Length > 0 ? s.Description : null, Kind = ToKind(s.Kind), Element = s.ElementKind is { } element ? ToKind(element) : null,
            Required = s.Required, OfConnection = s.Scope == Plugins.SettingScope.Connection, Default = s.DefaultJson is { } value ? JsonSerializer.SerializeToElement(value) : null,
            Minimum = s.Minimum, Maximum = s.Maximum, Pattern = s.Pattern, Example = s.Example, Choices = s.Choices, Fields = s.Group is { } group ? Fields(group) : [],
            When = s.When is { } when ? new FieldCondition(when.Setting, when.Values) : null
        })
    ];

    private static FieldKind ToKind(SettingKind kind) => Enum.Parse<FieldKind>(kind.ToString());

    private static JobForm Build()
    {
        var schema = JsonNode.Parse(PipelineSchema.Json)!;
        var checks = schema["definitions"]!["check"]!["properties"]!.AsObject();
        return new JobForm(Section(schema["definitions"]!["ingest"]!), Fields(FormatForms.Csv), Fields(FormatForms.All), Section(schema["properties"]!["schedule"]!["anyOf"]![0]!), Section(schema["properties"]!["triggers"]!["items"]!),
            [.. checks.Where(c => c.Key != "on_fail").Select(c => new CheckForm(c.Key, Section(c.Value!["anyOf"] is JsonArray forms ? forms[0]! : c.Value)))]);
    }

    private static List<ConnectorField> Section(JsonNode section)
    {
        var required = section["required"]?.AsArray().Select(r => r!.ToString()).ToHashSet() ?? [];
        return [.. section["properties"]!.AsObject().Select(p => Field(p.Key, p.Value!, required.Contains(p.Key)))];
    }

    private static ConnectorField Field(string name, JsonNode schema, bool required)
    {
        var forms = schema["anyOf"]?.AsArray().Select(f => f!).ToList() ?? [schema];
        var list = forms.FirstOrDefault(f => Type(f) == "array");
        // Lists of sections are edited as such, all other lists as lines.
        var items = list?["items"] is { } item && (item["$ref"] is not null || Type(item) == "object") ? item : null;
        var kind = list is not null ? FieldKind.List
            : Type(schema) switch { "boolean" => FieldKind.Boolean, "integer" => FieldKind.Integer, "number" => FieldKind.Number, "object" => FieldKind.Map, _ => schema["enum"] is not null ? FieldKind.Choice : FieldKind.Text };
        return new ConnectorField
        {
            Name = name, Title = Title(name), Description = schema["description"]?.ToString(), Kind = kind, Element = kind is FieldKind.List or FieldKind.Map ? FieldKind.Text : null, Required = required,
            Default = schema["default"] is { } value ? JsonSerializer.SerializeToElement(value) : null, Minimum = schema["minimum"]?.GetValue<double>(), Maximum = schema["maximum"]?.GetValue<double>(),
            Pattern = kind == FieldKind.Text ? schema["pattern"]?.ToString() : null, Example = schema["examples"] is JsonArray { Count: > 0 } examples ? examples[0]!.ToString() : null,
            // Of a text: what is common, where others are allowed.
            Choices = (schema["enum"] ?? (schema["examples"] is JsonArray { Count: > 1 } common ? common : null))?.AsArray().Select(c => c!.ToString()).ToList() ?? [],
            Fields = items is null ? [] : items["properties"] is null ? [new ConnectorField { Name = "check", Title = "Check", Kind = FieldKind.Text }] : Section(items)
        };
    }

    private static string? Type(JsonNode schema) => schema["type"] is JsonValue type ? type.ToString() : null;

    private static string Title(string name)
    {
        var words = name.Replace('_', ' ');
        return char.ToUpperInvariant(words[0]) + words[1..];
    }
}
