using FlowForge.Api.Mapping;
using FlowForge.Api.Problems;
using FlowForge.Api.Tables;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Lake;

namespace FlowForge.Api.Endpoints;

/// <summary>Schemas over time, changes of sources that wait for a person, watermarks, landed files, and what was done by hand.</summary>
internal static class DriftEndpoints
{
    public static void MapDrift(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/drift").WithTags("Drift");
        group.MapGet("/", (HeldChanges held, string? state, string? table) => held.List(Paging.Word<HoldStanding>("state", state), Paging.Text(table))).WithSummary("Changes of sources that were held, newest first.");
        group.MapGet("/{id}", (HeldChanges held, string id) => held.Get(id)).WithSummary("One of them, with what it touches.");
        group.MapPost("/{id}/approve", (HeldChanges held, string id, ApproveHold body, CancellationToken ct) => held.ApproveAsync(id, body, ct)).WithSummary("The landed copy may be loaded; the held run can go on at once.");
        group.MapPost("/{id}/reject", (HeldChanges held, string id, RejectHold body) => held.Reject(id, body)).WithSummary("The landed copy is not loaded; the next run reads the source anew.");
        api.MapGet("/tables/{layer}/{name}/schemas", Schemas).WithTags("Tables").WithSummary("The schemas that a table had, newest first, each with what changed.");
        api.MapGet("/tables/{layer}/{name}/schemas/diff", Compare).WithTags("Tables").WithSummary("What differs between the schemas of two versions, and what that touches.");
        api.MapGet("/watermarks", Watermarks).WithTags("Tables").WithSummary("How far incremental jobs have got, by table; search is a part of the table's, pipeline's or job's name.");
        api.MapGet("/audit", (CatalogDatabase catalog, string? subject, int? limit) => catalog.Audit.List(Paging.Text(subject), Paging.Limit(limit, 100, 1000)).Select(a => new Contracts.AuditEntry(a.At, a.By, a.Action, a.Subject, a.Detail)))
            .WithTags("System").WithSummary("What was done by hand, or removed by rule; newest first.");
        api.MapGet("/landing", Landing).WithTags("Pipelines").WithSummary("What lies in the landing folders of the jobs, and how much of it retention would remove; pages and total are of pipelines, by name.");
        api.MapGet("/pipelines/{name}/landing", (LandingViews landing, string name) => landing.Of(name, null)).WithTags("Pipelines").WithSummary("What retention would remove from the landing folders of the jobs. Removes nothing.");
        api.MapPost("/pipelines/{name}/landing/clean", (LandingViews landing, string name) => landing.Of(name, "API")).WithTags("Pipelines").WithSummary("Removes it, and notes it in the audit.");
    }

    private static Contracts.Page<LandingReport> Landing(LandingViews landing, int? page, int? size, CancellationToken ct)
    {
        var (number, length) = Paging.Check(page, size);
        return landing.Page(number, length, ct);
    }

    private static IReadOnlyList<SchemaVersion> Schemas(SchemaViews views, KnownTables tables, string layer, string name)
    {
        var table = TableEndpoints.Name(layer, name);
        TableEndpoints.Snapshot(tables, table, null);
        return views.History(table);
    }

    private static SchemaComparison Compare(SchemaViews views, KnownTables tables, string layer, string name, long? from, long? to)
    {
        var table = TableEndpoints.Name(layer, name);
        var newest = TableEndpoints.Snapshot(tables, table, null).Version;
        return views.Compare(table, from ?? throw ProblemException.Bad("FF4080", "The version to compare with is missing.", "Add from=VERSION."), to ?? newest);
    }

    /// <summary>The catalog's copy, set right where the table says otherwise: a restore takes the watermark back.</summary>
    private static Contracts.Page<WatermarkEntry> Watermarks(CatalogDatabase catalog, KnownTables tables, string? search, int? page, int? size)
    {
        var (number, length) = Paging.Check(page, size);
        var found = catalog.Watermarks.List(number, length, Paging.Text(search));
        return new Contracts.Page<WatermarkEntry>([.. found.Items.Select(w =>
        {
            var state = TableName.TryParse(w.Table, out var name) ? tables[name].Latest()?.StateOf($"{w.Pipeline}/{w.JobId}") : null;
            if (state is not null && state.Cursor != w.Value) catalog.Watermarks.Record(w = w with { Value = state.Cursor, RunId = state.RunId, At = state.Committed });
            return new WatermarkEntry(w.Table, w.Pipeline, w.JobId, w.Column, w.Value, w.RunId, w.At);
        })], found.Total, found.Number, found.Size);
    }
}
