using System.Globalization;
using System.Text.Json;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FlowForge.Workbench.Tests.Fakes;

/// <summary>The part of the canned runtime that stands for Temporal. Tokens are page numbers.</summary>
internal static class FakeTemporal
{
    public static void MapTemporal(this RouteGroupBuilder api, FakeRuntime fake)
    {
        var group = api.MapGroup("/temporal");
        group.MapGet("/namespaces", () => new TemporalNamespaces("default", ["default", "reports"]));
        group.MapGet("/workflows", (string? query, string? state, string? token, int size, string? @namespace) =>
        {
            if (Fault(query) is { } fault)
                return fault;
            var found = Found(fake, query, @namespace).Where(w => state is null || WordOf(w.State) == state).ToArray();
            return Page(found, token, size);
        });
        group.MapGet("/workflows/counts", (string? query, string? @namespace) =>
        {
            if (Fault(query) is { } fault)
                return fault;
            var found = Found(fake, query, @namespace).ToArray();
            return Json(new WorkflowCounts(found.Length, [.. found.GroupBy(w => w.State).OrderBy(g => g.Key).Select(g => new WorkflowStateCount(g.Key, g.Count()))]));
        });
        group.MapGet("/workflow", (string id) => fake.Sample.Workflow(id) is { } w ? Json(w) : Missing($"There is no workflow '{id}'."));
        group.MapGet("/workflow/history", (string? newest, string? token, int size) => Page(newest == "true" ? Sample.Events.Reverse() : Sample.Events, token, size));
        group.MapGet("/workflow/timers", () => Sample.Timers);
        foreach (var act in new[] { "cancel", "terminate", "signal" })
            group.MapPost("/workflow/" + act, (JsonElement body) => Keep(fake, act, body));
        group.MapPost("/workflow/query", (CallWorkflow body) => body.Name == "progress" ? Json(new QueryAnswer(JsonSerializer.SerializeToElement(new { share = 0.41 })))
            : Results.Json(new Problem { Status = 409, Title = "No answer to the query", Detail = $"Query '{body.Name}' is not known.", Code = "FF4103" }, ContractsJson.Options, "application/problem+json", 409));
        group.MapPost("/workflow/reset", (JsonElement body) =>
        {
            Keep(fake, "reset", body);
            return new WorkflowReset(Sample.OpenWorkflow, "new-run");
        });
        group.MapGet("/schedules", () => new TokenPage<ScheduleEntry>(fake.Sample.Schedules, null));
        group.MapGet("/schedule", (string id) => fake.Sample.Schedules.FirstOrDefault(s => s.Id == id) is { } s ? Json(s) : Missing($"There is no schedule '{id}'."));
        foreach (var act in new[] { "pause", "unpause", "trigger", "backfill" })
            group.MapPost("/schedule/" + act, (JsonElement body) => Keep(fake, act, body));
        group.MapDelete("/schedule", (string id) => Keep(fake, "delete", JsonSerializer.SerializeToElement(new { id })));
    }

    private static IEnumerable<WorkflowEntry> Found(FakeRuntime fake, string? query, string? space) => space is not (null or "default") ? [] : fake.Sample.Workflows.Where(w => query is null || w.Type == "orders");

    private static IResult Page<T>(IEnumerable<T> all, string? token, int size)
    {
        var skip = token is null ? 0 : int.Parse(token, CultureInfo.InvariantCulture);
        var items = all.Skip(skip).Take(size).ToArray();
        return Json(new TokenPage<T>(items, all.Count() > skip + size ? (skip + size).ToString(CultureInfo.InvariantCulture) : null));
    }

    private static IResult? Fault(string? query)
    {
        var at = query?.IndexOf("Colour", StringComparison.Ordinal) ?? -1;
        const string Message = "Invalid query: column name 'Colour' is not a valid search attribute.";
        return at < 0 ? null : Results.Json(new Problem
        {
            Status = 400, Code = "FF4100", Title = "Query not understood", Detail = Message, Suggestion = "Write like WorkflowType = 'run'.", Diagnostics = [new DiagnosticEntry(DiagnosticLevel.Error, "FF4100", Message, "query", 1, at + 1, null)]
        }, ContractsJson.Options, "application/problem+json", 400);
    }

    private static IResult Keep(FakeRuntime fake, string act, JsonElement body)
    {
        lock (fake.Acts)
            fake.Acts.Add($"{act} {body.GetRawText()}");
        return Results.NoContent();
    }

    private static IResult Json<T>(T value) => Results.Json(value, ContractsJson.Options);

    private static IResult Missing(string detail) => Results.Json(new Problem { Status = 404, Title = "Not found", Detail = detail }, ContractsJson.Options, "application/problem+json", 404);

    private static string WordOf(WorkflowState state) => JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());
}
