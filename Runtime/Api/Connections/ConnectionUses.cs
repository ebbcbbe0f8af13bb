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
    public ILookup<string, ConnectionUse> ByConnection() => Jobs().Where(j => j.Job.Connection is not null)
        .ToLookup(j => j.Job.Connection!, j => new ConnectionUse(j.Pipeline, "ingest." + j.Job.Name, j.Job.ForceToParquet ? "bronze." + j.Job.Table : null), StringComparer.Ordinal);

    /// <summary>What refers to each secret, in words: <c>connection shop</c>, <c>job orders/ingest.orders</c>.</summary>
    public ILookup<string, string> BySecret()
    {
        var texts = book.All().Select(c => (Who: "connection " + c.Definition.Name, Text: Text(c.Definition.Settings)))
            .Concat(Jobs().Select(j => (Who: $"job {j.Pipeline}/ingest.{j.Job.Name}", Text: Text(j.Job.Config))));
        return texts.SelectMany(t => SecretReferences.NamesIn(t.Text).Where(n => n.StartsWith("secret:", StringComparison.Ordinal)).Distinct().Select(n => (Name: n["secret:".Length..], t.Who)))
            .ToLookup(t => t.Name, t => t.Who, StringComparer.Ordinal);

        static string Text(System.Text.Json.Nodes.JsonObject json) => json.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private IEnumerable<(string Pipeline, IngestDefinition Job)> Jobs()
    {
        for (var page = 1; ; page++)
        {
            var found = pipelines.List(page, PageSize);
            foreach (var stored in found.Items)
                foreach (var job in definitions.Get(stored)?.Ingest ?? [])
                    yield return (stored.Name, job);
            if (found.Items.Count < PageSize) yield break;
        }
    }
}
