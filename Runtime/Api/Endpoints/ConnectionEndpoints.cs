using FlowForge.Api.Connections;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>Connections: kept, tried, browsed.</summary>
internal static class ConnectionEndpoints
{
    public static void MapConnections(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/connections").WithTags("Connections");
        group.MapGet("/", (ConnectionViews views) => views.List()).WithSummary("Connections by name: those of the workbench and those of files.");
        group.MapPost("/test", Test).WithSummary("Tries a connection, saved or not; always an answer, which says what is wrong.");
        group.MapPost("/discover", Discover).WithSummary("Lists what a connection offers: tables with columns and keys, or files.");
        group.MapPost("/preview", Preview).WithSummary("Some rows of a source, or the first lines of a file.");
        group.MapGet("/{name}", Get).WithSummary("One connection; secrets are shown as references or stars.");
        group.MapPut("/{name}", Put).WithSummary("Makes or changes a connection. 422 with diagnostics when settings are wrong.");
        group.MapDelete("/{name}", Delete).WithSummary("Deletes a connection. 409 while jobs use it, unless force=true.");
    }

    private static ConnectionDetail Get(ConnectionViews views, string name) => views.Detail(name) ?? throw ConnectionEditor.Unknown(name);

    private static ConnectionDetail Put(ConnectionEditor editor, ConnectionViews views, string name, PutConnection body)
    {
        editor.Put(name, body);
        return views.Detail(name)!;
    }

    private static NoContent Delete(ConnectionEditor editor, string name, bool? force)
    {
        editor.Delete(name, force ?? false);
        return TypedResults.NoContent();
    }

    private static Task<ConnectionTestResult> Test(ConnectionEditor editor, ConnectionProbe probe, ConnectionChoice body, CancellationToken ct) =>
        probe.TestAsync(editor.Choose(body), keep: body.Name is { Length: > 0 } && body.Settings is null && body.Connector is null, ct);

    private static Task<DiscoveredSource> Discover(ConnectionEditor editor, ConnectionProbe probe, DiscoverConnection body, CancellationToken ct) =>
        probe.DiscoverAsync(editor.Choose(body), Paging.Text(body.Search), Paging.Limit(body.Limit, 1000, ConnectionProbe.LargestDiscovery), ct);

    private static Task<SourcePreview> Preview(ConnectionEditor editor, ConnectionProbe probe, PreviewConnection body, CancellationToken ct) =>
        probe.PreviewAsync(editor.Choose(body), Paging.Text(body.Table), Paging.Limit(body.Limit, 50, ConnectionProbe.LargestPreview), ct);
}
