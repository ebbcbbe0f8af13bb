using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.PluginHost;

namespace FlowForge.Api.Endpoints;

/// <summary>Connectors that were found.</summary>
internal static class ConnectorEndpoints
{
    public static void MapConnectors(this IEndpointRouteBuilder api) =>
        api.MapGet("/connectors", List).WithTags("Connectors").WithSummary("Connectors with the JSON Schema of their settings; broken ones with what is wrong.");

    private static IReadOnlyList<ConnectorEntry> List(PluginRegistry plugins) =>
    [
        .. plugins.Connectors.Select(c => new ConnectorEntry
        {
            Name = c.Name, Title = c.Title, Description = c.Description, Version = c.Version, SourceTypes = c.Aliases,
            Settings = JsonSerializer.SerializeToElement(c.Spec.ToJsonSchema())
        }),
        .. plugins.Problems.Select(p => new ConnectorEntry { Name = Path.GetFileName(p.Folder), Title = Path.GetFileName(p.Folder), Error = p.Message })
    ];
}
