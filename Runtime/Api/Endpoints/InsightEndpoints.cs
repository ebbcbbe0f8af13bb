using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Api.Tables;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Datasets;

namespace FlowForge.Api.Endpoints;

/// <summary>What is known about tables beyond their rows: column lineage, profiles, differences between versions; and one SELECT over all of them.</summary>
internal static class InsightEndpoints
{
    public static void MapInsights(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/tables/{layer}/{name}").WithTags("Tables");
        group.MapGet("/columns/{column}/lineage", Lineage).WithSummary("Where a column comes from, and what would break if it went.");
        group.MapGet("/profile", Profile).WithSummary("What the values of a version are like; made at the first question.");
        group.MapGet("/diff", Diff).WithSummary("Rows that differ between two versions, by key or as a multiset.");
        api.MapPost("/sql", Sql).WithTags("Tables").WithSummary("One SELECT over the newest versions of tables and over system.runs, system.checks and the like.");
    }

    private static Contracts.ColumnLineage Lineage(ColumnLineages lineages, KnownTables tables, string layer, string name, string column)
    {
        var table = TableEndpoints.Name(layer, name);
        var found = TableEndpoints.Snapshot(tables, table, null).Schema.Find(column);
        return found is { IsReserved: false } ? lineages.Of(table, found.Name) : throw ProblemException.NotFound("FF4079", $"{table} has no column '{column}'.");
    }

    private static Task<Contracts.TableProfile> Profile(TableProfiles profiles, KnownTables tables, string layer, string name, long? version, CancellationToken ct)
    {
        var table = TableEndpoints.Name(layer, name);
        return profiles.OfAsync(table, TableEndpoints.Snapshot(tables, table, version), ct);
    }

    private static Task<TableDiff> Diff(TableDiffs diffs, KnownTables tables, string layer, string name, long? from, long? to, string? keys, long? offset, int? limit, CancellationToken ct)
    {
        var table = TableEndpoints.Name(layer, name);
        var newer = TableEndpoints.Snapshot(tables, table, to);
        var older = TableEndpoints.Snapshot(tables, table, from ?? throw ProblemException.Bad("FF4080", "The version to compare with is missing.", "Add from=VERSION."));
        var key = (keys ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return diffs.ReadAsync(table.ToString(), older, newer, key, Math.Max(0, offset ?? 0), Paging.Limit(limit, 100, RowPages.LargestPage), ct);
    }

    private static Task<SqlResult> Sql(SqlQueries queries, SqlQuery body, CancellationToken ct) => queries.RunAsync(body, ct);
}
