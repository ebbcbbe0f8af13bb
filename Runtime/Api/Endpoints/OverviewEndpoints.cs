using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.PluginHost;
using Overview = FlowForge.Contracts.Overview;

namespace FlowForge.Api.Endpoints;

/// <summary>Figures of the overview page.</summary>
internal static class OverviewEndpoints
{
    public static void MapOverview(this IEndpointRouteBuilder api) =>
        api.MapGet("/overview", Get).WithTags("Overview").WithSummary("Runs, rows and durations of a window: 24h, 7d or 30d.");

    private static Overview Get(CatalogDatabase catalog, RunReader runs, KnownTables tables, PluginRegistry plugins, TimeProvider clock, string? window)
    {
        var (length, buckets) = (window ?? "24h") switch
        {
            "24h" => (TimeSpan.FromHours(24), 24),
            "7d" => (TimeSpan.FromDays(7), 28),
            "30d" => (TimeSpan.FromDays(30), 30),
            _ => throw ProblemException.Bad("FF4060", $"window is '{window}'; it must be 24h, 7d or 30d.")
        };
        var found = catalog.Runs.Overview(length, clock.GetUtcNow(), buckets);
        return new Overview
        {
            Window = window ?? "24h", From = found.From, To = found.To,
            Current = OverviewMapping.ToFigures(found.Current), Previous = OverviewMapping.ToFigures(found.Previous),
            Buckets = [.. found.Buckets.Select(OverviewMapping.ToBucket)],
            RecentRuns = runs.List(new RunFilter(), 1, 10).Items,
            Counts = new WorkspaceCounts((int)catalog.Pipelines.List(1, 1).Total, catalog.Runs.Open().Count, tables.Names().Count, plugins.Connectors.Count) { HeldChanges = catalog.Holds.Pending().Values.Sum() }
        };
    }
}
