using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Api.Connections;

/// <summary>Who uses what: jobs connections, connections and jobs secrets. Thread-safe.</summary>
internal sealed class ConnectionUses(PipelineStore pipelines, KnownDefinitions definitions, ConnectionBook book)
{
    private const int PageSize = 500;

    /// <summary>Jobs of stored pipelines, by the name of the connection that they use.</summary>
    public ILookup<string, ConnectionUse> ByConnection() => Jobs().Where(j => j.Connection is not null).ToLookup(j => j.Connection!, j => new ConnectionUse(j.Pipeline, j.Id, j.Table), StringComparer.Ordinal);

    /// <summary>What refers to each secret, in words: <c>connection shop</c>, <c>job orders/ingest.orders</c>.</summary>
    public ILookup<string, string> BySecret()
    {
        var texts = book.All().Select(c => (Who: "connection " + c.Definition.Name, Text: Text(c.Definition.Settings)))
            .Concat(Jobs().Select(j => (Who: $"job {j.Pipeline}/{j.Id}", Text: Text(j.Config))));
        return texts.SelectMany(t => SecretReferences.NamesIn(t.Text).Where(n => n.StartsWith("secret:", StringComparison.Ordinal)).Distinct().Select(n => (Name: n["secret:".Length..], t.Who)))
            .ToLookup(t => t.Name, t => t.Who, StringComparer.Ordinal);

        static string Text(System.Text.Json.Nodes.JsonObject json) => json.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private IEnumerable<Job> Jobs()
    {
        for (var page = 1; ; page++)
        {
            var found = pipelines.List(page, PageSize);
            foreach (var stored in found.Items)
                foreach (var job in definitions.Get(stored) is { } definition ? Of(stored.Name, definition) : [])
                    yield return job;
            if (found.Items.Count < PageSize) yield break;
        }
    }

    private static IEnumerable<Job> Of(string pipeline, PipelineDefinition definition) =>
        definition.Ingest.Select(j => new Job(pipeline, "ingest." + j.Name, j.Connection, j.ForceToParquet ? "bronze." + j.Table : null, j.Config))
            .Concat(definition.Deliveries.Select(d => new Job(pipeline, d.Id, d.Connection, d.From, d.Config)));

    /// <summary>A job that speaks with another system.</summary>
    /// <param name="Pipeline">Its pipeline.</param>
    /// <param name="Id">With its kind: <c>ingest.orders</c>, <c>delivery.partner_sales</c>.</param>
    /// <param name="Connection">Null when it has all settings itself.</param>
    /// <param name="Table">The table that it fills or delivers; null when it lands files only.</param>
    /// <param name="Config">Its own settings.</param>
    private sealed record Job(string Pipeline, string Id, string? Connection, string? Table, System.Text.Json.Nodes.JsonObject Config);
}
