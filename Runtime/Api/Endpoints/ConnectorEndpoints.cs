using System.Text.Json;
using FlowForge.Api.Mapping;
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
        api.MapGet("/forms/job", () => JobForms.Job).WithTags("Connectors").WithSummary("The fields of an ingest job, its formats, checks, schedule and triggers, for forms.");
        api.MapGet("/formats", Formats).WithTags("Connectors").WithSummary("Formats of files that plugins read beside csv, json, ndjson and parquet, with the endings that mean them and their settings.");
    }

    private static IReadOnlyList<FormatEntry> Formats(PluginRegistry plugins) =>
    [
        .. plugins.Formats.Select(f => new FormatEntry
        {
            Name = f.Name, Title = f.Title, Description = f.Description, Version = f.Version, Endings = f.Endings, Settings = JsonSerializer.SerializeToElement(f.Spec.ToJsonSchema()), Fields = JobForms.Fields(f.Spec)
        })
    ];

    private static IReadOnlyList<ConnectorEntry> List(PluginRegistry plugins) =>
    [
        .. plugins.Connectors.Select(c => new ConnectorEntry
        {
            Name = c.Name, Title = c.Title, Description = c.Description, Version = c.Version, SourceTypes = c.Aliases, Abilities = c.Abilities, SendsRequests = c.SendsRequests, Versions = plugins.Versions(c.Name),
            Settings = JsonSerializer.SerializeToElement(c.Spec.ToJsonSchema()), Fields = JobForms.Fields(c.Spec)
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
}
