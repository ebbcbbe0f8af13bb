using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class FakeRuntime
{
    /// <summary>Bodies of connections that were stored.</summary>
    public Noted<(string Name, PutConnection Body)> StoredConnections { get; } = new();

    /// <summary>Bodies of tests.</summary>
    public Noted<ConnectionChoice> Tests { get; } = new();

    /// <summary>Secrets that were stored.</summary>
    public Noted<(string Name, string Value)> StoredSecrets { get; } = new();

    /// <summary>A test answers when this is completed.</summary>
    public TaskCompletionSource? TestGate { get; set; }

    /// <summary>Files that arrived whole.</summary>
    public SortedDictionary<string, byte[]> Uploaded { get; } = [];
    public Noted<StartUpload> StartedUploads { get; } = new();
    public Noted<string> CancelledUploads { get; } = new();
    private readonly Dictionary<string, byte[]> _arriving = [];

    /// <summary>A piece is answered when this is completed.</summary>
    public TaskCompletionSource? UploadGate { get; set; }

    private void MapSources(RouteGroupBuilder api)
    {
        api.MapGet("/connections", () => Sample.Connections.Select(c => (ConnectionSummary)c));
        api.MapGet("/connections/{name}", (string name) => Sample.Connections.FirstOrDefault(c => c.Name == name) is { } found ? Results.Ok(found)
            : Results.NotFound(new Problem { Status = 404, Title = "Not found", Detail = $"There is no connection '{name}'." }));
        api.MapPut("/connections/{name}", (string name, PutConnection body) =>
        {
            StoredConnections.Add((name, body));
            if (body.Settings?.TryGetProperty("host", out var host) == true && host.GetString() == "nowhere")
                return Results.Json(new Problem { Status = 422, Code = "FF5025", Title = "Settings refused", Detail = $"The settings of '{name}' have 1 error; nothing was stored.",
                    Diagnostics = [new DiagnosticEntry(DiagnosticLevel.Error, "FF1232", "'host' is nowhere.", "host", null, null, "Name a real one.")] }, ContractsJson.Options, "application/problem+json", 422);
            var made = new ConnectionDetail { Name = name, Connector = body.Connector, ConnectorTitle = "Shop database", Description = body.Description, RateLimit = body.RateLimit, Isolation = body.Isolation, UpdatedAt = DateTimeOffset.UtcNow, Settings = body.Settings!.Value };
            Sample.Connections.RemoveAll(c => c.Name == name);
            Sample.Connections.Add(made);
            return Results.Json(made, ContractsJson.Options);
        });
        api.MapDelete("/connections/{name}", (string name) => Sample.Connections.RemoveAll(c => c.Name == name) > 0 ? Results.NoContent() : Results.NotFound());
        api.MapPost("/connections/test", async (ConnectionChoice body, HttpContext context) =>
        {
            Tests.Add(body);
            if (TestGate is { } gate) await gate.Task.WaitAsync(context.RequestAborted);
            return Sample.Tested;
        });
        api.MapPost("/connections/discover", (DiscoverConnection body) => Sample.Discovered with { Tables = [.. Sample.Discovered.Tables.Where(t => body.Search is null || t.Name.Contains(body.Search))] });
        api.MapPost("/connections/preview", (PreviewConnection body) => body.Table == "public.audit"
            ? Results.Json(new Problem { Status = 422, Code = "FF5026", Title = "The source said no", Detail = "permission denied for table audit", Suggestion = "Grant SELECT on it." }, ContractsJson.Options, "application/problem+json", 422)
            : Results.Json(Sample.Previewed, ContractsJson.Options));
        api.MapGet("/hooks", () => new[] { new HookEntry("shop-orders", "shop_hook", "http://127.0.0.1:5080/hooks/shop-orders", true, 1234, 5 << 20, 7, DateTimeOffset.UtcNow.AddMinutes(-3)) });
        api.MapGet("/hooks/{name}/posts", (string name) => Enumerable.Range(0, 5).Select(i => new HookPost($"p{i}", DateTimeOffset.UtcNow.AddMinutes(-3 - i), i == 1 ? null : $"order-{881 - i}", $"{{\"order\": {881 - i}, \"total\": {12.5 * i + 3}, \"note\": \"{new string('n', 60 * i)}\"}}")));
        api.MapGet("/uploads", () => new UploadArea([.. Uploaded.Select(u => new UploadedFile(u.Key, "upload:" + u.Key, u.Value.Length, DateTimeOffset.UtcNow))], [], Uploaded.Sum(u => u.Value.Length), 50L << 30, 10L << 30));
        api.MapPost("/uploads", (StartUpload body) =>
        {
            StartedUploads.Add(body);
            return new UploadState(body.Name, body.Name, body.Size, 0, DateTimeOffset.UtcNow);
        });
        api.MapGet("/uploads/{id}", (string id) => new UploadState(id, id, StartedUploads[^1].Size, _arriving.GetValueOrDefault(id)?.Length ?? 0, DateTimeOffset.UtcNow));
        api.MapPatch("/uploads/{id}", async (string id, HttpRequest request) =>
        {
            if (UploadGate is { } gate) await gate.Task.WaitAsync(request.HttpContext.RequestAborted);
            var piece = new MemoryStream();
            await request.Body.CopyToAsync(piece);
            var all = _arriving[id] = [.. _arriving.GetValueOrDefault(id) ?? [], .. piece.ToArray()];
            var done = all.Length == StartedUploads.Last(u => u.Name == id).Size;
            if (done) Uploaded[id] = all;
            return new UploadState(id, id, all.Length, all.Length, DateTimeOffset.UtcNow, done, done ? "upload:" + id : null);
        });
        api.MapDelete("/uploads/{id}", (string id) => { CancelledUploads.Add(id); return Results.NoContent(); });
        api.MapDelete("/uploads/files/{name}", (string name) => Uploaded.Remove(name) ? Results.NoContent() : Results.NotFound());
        api.MapGet("/secrets", () => Sample.Secrets);
        api.MapPut("/secrets/{name}", (string name, PutSecret body) =>
        {
            StoredSecrets.Add((name, body.Value));
            Sample.Secrets.Add(new SecretEntry(name, DateTimeOffset.UtcNow, []));
            return Results.NoContent();
        });
        api.MapDelete("/secrets/{name}", (string name) => Sample.Secrets.RemoveAll(s => s.Name == name) > 0 ? Results.NoContent() : Results.NotFound());
    }
}
