using FlowForge.Api.Connections;
using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Notebooks.Sessions.Live;
using FlowForge.PluginHost;

namespace FlowForge.Api.Endpoints;

/// <summary>One search over everything that has a name.</summary>
internal static class SearchEndpoints
{
    private const int MostHits = 20;
    private const int MostOfAKind = 8;

    public static void MapSearch(this IEndpointRouteBuilder api) =>
        api.MapGet("/search", Search).WithTags("Search").WithSummary("Pipelines, jobs, tables, columns, notebooks, connections, connectors and runs whose name holds the text.");

    private static SearchResults Search(CatalogDatabase catalog, KnownTables tables, KnownDefinitions definitions, PluginRegistry plugins, ConnectionBook book, NotebookHost notebooks, string? q)
    {
        if (Paging.Text(q) is not { } text)
            return new SearchResults("", []);
        var pipelines = catalog.Pipelines.List(1, MostOfAKind, text).Items
            .Select(p => new SearchHit("pipeline", p.Name, p.Name, definitions.Get(p)?.Description));
        var found = tables.Names().Select(t => t.ToString()).Where(Holds).Take(MostOfAKind).Select(t => new SearchHit("table", t, t, null));
        var runs = catalog.Runs.List(new RunFilter { Text = text }, 1, MostOfAKind).Items
            .Select(r => new SearchHit("run", r.RunId, r.RunId, $"{r.Pipeline}, {RunMapping.ToState(r.State).ToString().ToLowerInvariant()}"));
        var jobs = Pipelines(catalog).SelectMany(p => (definitions.Get(p)?.Ingest ?? []).Where(j => Holds(j.Name)).Select(j => new SearchHit("job", $"{p.Name}/{j.Name}", j.Name, $"ingest job of {p.Name}"))).Take(MostOfAKind);
        var columns = catalog.Schemas.Find(text, MostOfAKind).Select(c => new SearchHit("column", c.Table, c.Column, $"{c.Type.ToLowerInvariant()} of {c.Table}"));
        var books = notebooks.Folder.List().Where(n => Holds(n.Path.Text)).Take(MostOfAKind).Select(n => new SearchHit("notebook", n.Path.Text, n.Path.Title, null));
        var connectors = plugins.Connectors.Where(c => Holds(c.Name) || Holds(c.Title)).Take(MostOfAKind)
            .Select(c => new SearchHit("connector", c.Name, c.Title, c.Description));
        var connections = book.All().Where(c => Holds(c.Definition.Name)).Take(MostOfAKind)
            .Select(c => new SearchHit("connection", c.Definition.Name, c.Definition.Name, c.Definition.Description ?? c.Definition.Connector));
        SearchHit[] hits = [.. pipelines, .. found, .. jobs, .. columns, .. books, .. connections, .. connectors, .. runs];
        return new SearchResults(text, [.. hits.OrderBy(Rank).Take(MostHits)]);

        bool Holds(string name) => name.Contains(text, StringComparison.OrdinalIgnoreCase);

        // The name itself, then what begins with it (a table without its layer too), then the rest; each in the order of kinds above.
        int Rank(SearchHit hit)
        {
            var name = hit.Kind is "job" or "column" or "notebook" ? hit.Title : hit.Kind == "table" ? hit.Name[(hit.Name.IndexOf('.', StringComparison.Ordinal) + 1)..] : hit.Name;
            return name.Equals(text, StringComparison.OrdinalIgnoreCase) ? 0 : name.StartsWith(text, StringComparison.OrdinalIgnoreCase) ? 1 : 2;
        }
    }

    private static IEnumerable<PipelineVersion> Pipelines(CatalogDatabase catalog)
    {
        for (var page = 1; ; page++)
        {
            var found = catalog.Pipelines.List(page, 500).Items;
            foreach (var pipeline in found) yield return pipeline;
            if (found.Count < 500) yield break;
        }
    }
}
