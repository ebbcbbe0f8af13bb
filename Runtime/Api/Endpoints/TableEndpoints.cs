using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Api.Tables;
using FlowForge.Contracts;
using FlowForge.Lake;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>Tables of the lake: schema, versions, rows, rejects.</summary>
internal static class TableEndpoints
{
    public static void MapTables(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/tables").WithTags("Tables");
        group.MapGet("/", List).WithSummary("Tables by layer and name.");
        api.MapGet("/layers", Layers).WithTags("Tables").WithSummary("One page of the tables of each layer, or of one, with the sums over all of them.");
        group.MapGet("/{layer}/{name}", Get).WithSummary("One table: schema, size, lineage, checks.");
        group.MapGet("/{layer}/{name}/versions", Versions).WithSummary("Commits, newest first.");
        group.MapGet("/{layer}/{name}/rows", Rows).WithSummary("A page of rows of a version, sorted and filtered.");
        group.MapGet("/{layer}/{name}/rejects", Rejects).WithSummary("A page of the rows that were rejected, with their reasons: the open ones, or those of another status.");
        group.MapGet("/{layer}/{name}/restore", PreviewRestore).WithSummary("What restoring a version would do: rows, files, columns, watermarks, dependents. Changes nothing.");
        group.MapPost("/{layer}/{name}/restore", Restore).WithSummary("Makes the table what it was at an older version, as a new version; the jobs' watermarks go back with it, or stay.");
        group.MapPost("/{layer}/{name}/optimize", async (TableCare care, KnownTables tables, string layer, string name, OptimizeTable body, CancellationToken ct) => Begun(await care.OptimizeAsync(There(tables, layer, name), body, ct)))
            .WithSummary("Asks for small files to be merged, or the rows of each partition to be sorted; no row changes.");
        group.MapPost("/{layer}/{name}/vacuum/preview", (TableCare care, KnownTables tables, string layer, string name, VacuumTable body, CancellationToken ct) => care.PreviewAsync(There(tables, layer, name), body, ct))
            .WithSummary("Which files a vacuum would remove now; removes none.");
        group.MapPost("/{layer}/{name}/vacuum", async (TableCare care, KnownTables tables, string layer, string name, VacuumTable body, CancellationToken ct) => Begun(await care.VacuumAsync(There(tables, layer, name), body, ct)))
            .WithSummary("Asks for the removal of files that no version within the retention needs.");
        group.MapPost("/{layer}/{name}/alter", async (TableCare care, KnownTables tables, string layer, string name, AlterTable body, CancellationToken ct) => Begun(await care.AlterAsync(There(tables, layer, name), body, ct)))
            .WithSummary("Asks to rename, drop or move columns, to set constraints, NOT NULL or append-only: all of it as one version, or none.");
        group.MapGet("/{layer}/{name}/work", (TableCare care, KnownTables tables, string layer, string name, int? limit) => care.Of(There(tables, layer, name), Paging.Limit(limit, 20, 200)))
            .WithSummary("Work on the table that was asked for (optimize, vacuum, alter), newest first, with its progress.");
        api.MapGet("/table-work/{work}", (TableCare care, string work) => care.Get(work)).WithTags("Tables").WithSummary("Work on a table: progress, and what came of it.");
        api.MapPost("/table-work/{work}/cancel", async (TableCare care, string work, CancellationToken ct) =>
        {
            await care.CancelAsync(work, ct);
            return TypedResults.Accepted($"/api/v1/table-work/{work}");
        }).WithTags("Tables").WithSummary("Stops work on a table; the table stays as it is.");
        group.MapPost("/{layer}/{name}/rejects/replay", Replay).WithSummary("Starts a run that reads rejects again by the job's present definition.");
        group.MapPost("/{layer}/{name}/rejects/replay/preview", Preview).WithSummary("What such a run would load now; publishes nothing.");
    }

    private static Created<TableWorkStarted> Begun(TableWorkStarted started) => TypedResults.Created($"/api/v1/table-work/{started.Work}", started);

    private static IReadOnlyList<TableSummary> List(TableViews views, string? layer, string? search) =>
        views.List(Paging.Word<TableLayer>("layer", layer), Paging.Text(search));

    private static IReadOnlyList<LayerPage> Layers(TableShelf shelf, string? layer, string? search, int? page, int? size)
    {
        var (number, count) = Paging.Check(page, size);
        return shelf.Pages(Paging.Word<TableLayer>("layer", layer), Paging.Text(search), number, count);
    }

    private static TableDetail Get(TableViews views, KnownTables tables, string layer, string name, long? version)
    {
        var table = Name(layer, name);
        return views.Detail(table, Snapshot(tables, table, version));
    }

    private static IReadOnlyList<TableVersionEntry> Versions(TableViews views, KnownTables tables, string layer, string name, int? limit, long? before)
    {
        var table = Name(layer, name);
        Snapshot(tables, table, null);
        return views.Versions(table, Paging.Limit(limit, 50, 500), before);
    }

    private static Task<TableRows> Rows(RowPages pages, KnownTables tables, string layer, string name, long? version, long? offset, int? limit, string? sort,
        bool? desc, string? filter, CancellationToken ct)
    {
        var table = Name(layer, name);
        return pages.ReadAsync(table.ToString(), Snapshot(tables, table, version), Query(offset, limit, sort, desc, filter), withReserved: false, ct);
    }

    private static Task<TableRows> Rejects(RowPages pages, TableViews views, KnownTables tables, string layer, string name, long? version, long? offset, int? limit,
        string? sort, bool? desc, string? filter, string? status, CancellationToken ct)
    {
        var table = Name(layer, name);
        var wanted = Paging.Word<RejectStatus>("status", status) ?? RejectStatus.Open;
        var rejects = views.Rejects(Snapshot(tables, table, version))
                      ?? throw ProblemException.NotFound("FF4073", $"{table} has no rejects.", "Rows are kept as rejects with error_handling: quarantine.");
        return pages.ReadAsync(table + " (rejects)", rejects, Query(offset, limit, sort, desc, filter), withReserved: true, ct, TableViews.RejectsOf(rejects, wanted));
    }

    private static RestorePreview PreviewRestore(TableRestores restores, KnownTables tables, string layer, string name, long? version)
    {
        var table = Name(layer, name);
        return restores.Preview(table, Snapshot(tables, table, null), version ?? throw ProblemException.Bad("FF4085", "The version to restore is missing.", "Add version=VERSION."));
    }

    private static TableRestored Restore(TableRestores restores, KnownTables tables, string layer, string name, RestoreTable body)
    {
        var table = Name(layer, name);
        return restores.Restore(table, Snapshot(tables, table, null), body);
    }

    private static async Task<Created<RunStarted>> Replay(RejectReplays replays, KnownTables tables, string layer, string name, ReplayRejects body, CancellationToken ct)
    {
        var table = Name(layer, name);
        var run = await replays.StartAsync(table, Snapshot(tables, table, null), body, ct);
        return TypedResults.Created($"/api/v1/runs/{run}", new RunStarted(run));
    }

    private static Task<ReplayPreview> Preview(RejectReplays replays, KnownTables tables, string layer, string name, ReplayRejects body, CancellationToken ct)
    {
        var table = Name(layer, name);
        return replays.PreviewAsync(table, Snapshot(tables, table, null), body, ct);
    }

    private static RowsQuery Query(long? offset, int? limit, string? sort, bool? desc, string? filter) => new()
    {
        Offset = offset is < 0 ? throw ProblemException.Bad("FF4074", $"offset is {offset}; it must be 0 or more.") : offset ?? 0,
        Limit = Paging.Limit(limit, 100, RowPages.LargestPage), Sort = Paging.Text(sort), Descending = desc ?? false, Filter = filter
    };

    private static TableName There(KnownTables tables, string layer, string name)
    {
        var table = Name(layer, name);
        Snapshot(tables, table, null);
        return table;
    }

    internal static TableName Name(string layer, string name) => TableName.TryParse($"{layer}.{name}", out var table) ? table
        : throw ProblemException.NotFound("FF4072", $"There is no table '{layer}.{name}'.", "GET /api/v1/tables lists them.");

    internal static TableSnapshot Snapshot(KnownTables tables, TableName name, long? version)
    {
        var latest = tables[name].Latest() ?? throw ProblemException.NotFound("FF4072", $"There is no table '{name}'.", "GET /api/v1/tables lists them.");
        return version is not { } wanted || wanted == latest.Version ? latest
            : wanted >= 0 && wanted < latest.Version && tables[name].At(wanted) is { } old ? old
            : throw ProblemException.NotFound("FF4075", $"{name} has no version {wanted}; its latest is {latest.Version}.");
    }
}
