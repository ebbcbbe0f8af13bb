using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.PluginHost;

namespace FlowForge.Api.Endpoints;

/// <summary>Connectors that were found.</summary>
internal static class ConnectorEndpoints
{
    public static void MapConnectors(this IEndpointRouteBuilder api)
    {
        api.MapGet("/connectors", List).WithTags("Connectors").WithSummary("Connectors with their abilities, the JSON Schema of their settings and the form for them; broken ones with what is wrong.");
        api.MapGet("/functions", Functions).WithTags("Connectors").WithSummary("Functions that plugins give to SQL.");
    }

    private static IReadOnlyList<ConnectorEntry> List(PluginRegistry plugins) =>
    [
        .. plugins.Connectors.Select(c => new ConnectorEntry
        {
            Name = c.Name, Title = c.Title, Description = c.Description, Version = c.Version, SourceTypes = c.Aliases, Abilities = c.Abilities, Versions = plugins.Versions(c.Name),
            Settings = JsonSerializer.SerializeToElement(c.Spec.ToJsonSchema()), Fields = Fields(c.Spec)
        }),
        .. plugins.Problems.Select(p => new ConnectorEntry { Name = Path.GetFileName(p.Folder), Title = Path.GetFileName(p.Folder), Error = p.Message })
    ];

    private static IReadOnlyList<SqlFunctionEntry> Functions(PluginRegistry plugins) =>
    [
        .. plugins.Functions.Select(f => new SqlFunctionEntry
        {
            Name = f.Name, Description = f.Description.Length > 0 ? f.Description : null, Plugin = f.PluginName, Version = f.Version, IsTable = f.IsTable, IsVolatile = f.IsVolatile,
            Signature = $"{f.Name}({string.Join(", ", f.Parameters.Select((t, i) => $"{f.ParameterNames[i]} {t.Name}"))}) → {(f.Result is { } result ? result.Name : $"TABLE ({string.Join(", ", f.Columns.Select(c => $"{c.Name} {c.DataType.Name}"))})")}"
        })
    ];

    private static IReadOnlyList<ConnectorField> Fields(SpecDescription spec) =>
    [
        .. spec.Settings.Select(s => new ConnectorField
        {
            Name = s.Name, Title = s.Title, Description = s.Description.Length > 0 ? s.Description : null, Kind = ToKind(s.Kind), Element = s.ElementKind is { } element ? ToKind(element) : null,
            Required = s.Required, OfConnection = s.Scope == Plugins.SettingScope.Connection, Default = s.DefaultJson is { } value ? JsonSerializer.SerializeToElement(value) : null,
            Minimum = s.Minimum, Maximum = s.Maximum, Pattern = s.Pattern, Example = s.Example, Choices = s.Choices, Fields = s.Group is { } group ? Fields(group) : []
        })
    ];

    private static FieldKind ToKind(SettingKind kind) => Enum.Parse<FieldKind>(kind.ToString());
}
