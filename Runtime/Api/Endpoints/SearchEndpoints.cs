using FlowForge.Api.Connections;
using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.PluginHost;

namespace FlowForge.Api.Endpoints;

/// <summary>One search over everything that has a name.</summary>
internal static class SearchEndpoints
{
    private const int MostHits = 20;
    private const int MostOfAKind = 8;

    public static void MapSearch(this IEndpointRouteBuilder api) =>
        api.MapGet("/search", Search).WithTags("Search").WithSummary("Pipelines, tables, connections, connectors and runs whose name holds the text.");

    private static SearchResults Search(CatalogDatabase catalog, KnownTables tables, KnownDefinitions definitions, PluginRegistry plugins, ConnectionBook book, string? q)
    {
        if (Paging.Text(q) is not { } text)
            return new SearchResults("", []);
        var pipelines = catalog.Pipelines.List(1, MostOfAKind, text).Items
            .Select(p => new SearchHit("pipeline", p.Name, p.Name, definitions.Get(p)?.Description));
        var found = tables.Names().Select(t => t.ToString()).Where(Holds).Take(MostOfAKind).Select(t => new SearchHit("table", t, t, null));
        var runs = catalog.Runs.List(new RunFilter { Text = text }, 1, MostOfAKind).Items
            .Select(r => new SearchHit("run", r.RunId, r.RunId, $"{r.Pipeline}, {RunMapping.ToState(r.State).ToString().ToLowerInvariant()}"));
        var connectors = plugins.Connectors.Where(c => Holds(c.Name) || Holds(c.Title)).Take(MostOfAKind)
            .Select(c => new SearchHit("connector", c.Name, c.Title, c.Description));
        var connections = book.All().Where(c => Holds(c.Definition.Name)).Take(MostOfAKind)
            .Select(c => new SearchHit("connection", c.Definition.Name, c.Definition.Name, c.Definition.Description ?? c.Definition.Connector));
        SearchHit[] hits = [.. pipelines, .. found, .. connections, .. connectors, .. runs];
        return new SearchResults(text, [.. hits.OrderBy(Rank).Take(MostHits)]);

        bool Holds(string name) => name.Contains(text, StringComparison.OrdinalIgnoreCase);

        // The name itself, then what begins with it (a table without its layer too), then the rest; each in the order of kinds above.
        int Rank(SearchHit hit)
        {
            var name = hit.Kind == "table" ? hit.Name[(hit.Name.IndexOf('.', StringComparison.Ordinal) + 1)..] : hit.Name;
            return name.Equals(text, StringComparison.OrdinalIgnoreCase) ? 0 : name.StartsWith(text, StringComparison.OrdinalIgnoreCase) ? 1 : 2;
        }
    }
}
