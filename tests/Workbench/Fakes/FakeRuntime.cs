using System.Text.Json;
using System.Threading.Channels;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlowForge.Workbench.Tests.Fakes;

/// <summary>The runtime API with canned answers, for the states of pages: full, empty, failing, slow. Only tests know it.</summary>
public sealed partial class FakeRuntime : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<Channel<RunEvent>> listeners = [];

    private FakeRuntime(WebApplication app) => this.app = app;

    public const string Token = "0123456789abcdef-workbench-tests";

    public Uri Url => new(app.Urls.First());

    /// <summary>What is there; replace it to change the world.</summary>
    public Sample Sample { get; set; } = Sample.Full();

    /// <summary>Every answer is an error of this kind while it is set.</summary>
    public Problem? Failing { get; set; }

    /// <summary>Answers wait for this; complete it to let them go.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>Bodies of runs that were started.</summary>
    public Noted<StartRun> Started { get; } = new();

    /// <summary>Bodies of backfills that were started.</summary>
    public Noted<StartBackfill> Backfills { get; } = new();

    /// <summary>Choices of rejects that were replayed.</summary>
    public Noted<ReplayRejects> Replayed { get; } = new();

    /// <summary>What was asked of the rejects of silver tables.</summary>
    public Noted<string> RejectQueries { get; } = new();

    /// <summary>Queries of row pages, in order.</summary>
    public Noted<string> RowQueries { get; } = new();

    public Noted<RestoreTable> Restores { get; } = new();

    public Noted<string> Calls { get; } = new();

    /// <summary>What was done to workflows and schedules: the act and its body.</summary>
    public Noted<string> Acts { get; } = new();

    public static async Task<FakeRuntime> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(json => ContractsJson.Apply(json.SerializerOptions));
        var app = builder.Build();
        var fake = new FakeRuntime(app);
        app.Use(fake.GuardAsync);
        fake.Map();
        await app.StartAsync();
        return fake;
    }

    public void Say(RunEvent e)
    {
        lock (listeners)
            listeners.ForEach(l => l.Writer.TryWrite(e));
    }

    public async ValueTask DisposeAsync()
    {
        Gate?.TrySetResult();
        lock (listeners)
            listeners.ForEach(l => l.Writer.TryComplete());
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        Calls.Add($"{context.Request.Method} {context.Request.Path}");
        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            context.Response.StatusCode = 401;
            return;
        }
        if (Gate is { } gate && context.Request.Path != "/api/v1/events")
            await gate.Task;
        if (Failing is { } problem)
        {
            context.Response.StatusCode = problem.Status ?? 500;
            await context.Response.WriteAsJsonAsync(problem, ContractsJson.Options, "application/problem+json");
            return;
        }
        await next(context);
    }

    private void Map()
    {
        var api = app.MapGroup("/api/v1");
        api.MapGet("/system", () => Sample.System);
        api.MapGet("/system/retention", () => new RetentionStatus { RunDays = 365, LogDays = 30, RunsPerPipeline = 20, NextSweepAt = Sample.Now.AddHours(20), LastSweep = new RetentionSweep(Sample.Now.AddHours(-4), 1.2, 1204, 88_310) });
        api.MapGet("/system/pools", () => Sample.Pools);
        api.MapGet("/connectors", () => Sample.Connectors);
        api.MapGet("/overview", (string window) => Sample.Overview(window));
        api.MapGet("/pipelines", (string? search) => Page(Sample.Pipelines.Where(p => search is null || p.Name.Contains(search))));
        api.MapGet("/pipeline-names", () => Sample.Pipelines.Select(p => p.Name));
        api.MapGet("/pipelines/{name}", Results<Ok<PipelineDetail>, NotFound<Problem>> (string name) => Sample.Detail(name) is { } p ? TypedResults.Ok(p)
            : TypedResults.NotFound(new Problem { Status = 404, Title = "Not found", Detail = $"There is no pipeline '{name}'." }));
        api.MapGet("/pipelines/{name}/plan", (string name) => new PipelineValidation(true, name, [], new PipelinePlan([.. Sample.Plan.Jobs.Select(j => j.Kind == JobKind.Ingest ? j
            : j.Id == "gold.delays_by_hour" ? j with { Change = PlannedChange.Unchanged } : j with { Change = PlannedChange.Changed, Changes = ["its SQL has changed", "bronze.flights is at version 5 (was 3)"] })])));
        api.MapGet("/pipelines/{name}/versions", (string name) => Enumerable.Range(1, 3).Reverse().Select(v => new PipelineVersionEntry(v, Sample.Now.AddDays(-v), PipelineTextFormat.Yaml, $"# version {v}\n{Sample.Yaml}")));
        api.MapGet("/pipelines/{name}/deliveries", (string name) => name == Sample.DeliveringPipeline ? Sample.Deliveries : []);
        api.MapGet("/tables/{layer}/{name}/deliveries", (string layer, string name) => Sample.Deliveries.Where(d => d.Table == $"{layer}.{name}"));
        api.MapGet("/pipelines/{name}/backfills", () => Page(Sample.Backfills));
        api.MapPost("/pipelines/{name}/backfills/preview", (string name, StartBackfill body) => Sample.Preview(name, body));
        api.MapPost("/pipelines/{name}/backfills", (string name, StartBackfill body) =>
        {
            Backfills.Add(body);
            Sample.Backfills.Insert(0, Sample.Backfills[0] with { Backfill = "bf_new", Total = 2, Succeeded = 0, Failed = 0, Active = 1 });
            return new BackfillStarted("bf_new");
        });
        api.MapPost("/backfills/{id}/cancel", (string id) =>
        {
            var at = Sample.Backfills.FindIndex(b => b.Backfill == id);
            Sample.Backfills[at] = Sample.Backfills[at] with { State = RunState.Cancelled, Active = 0, Cancelled = 2 };
            return Results.Accepted();
        });
        api.MapPost("/pipelines/validate", (ValidatePipeline body) => Sample.Validate(body.Text));
        api.MapPut("/pipelines/{name}", (string name, PutPipeline body) =>
        {
            StoredPipelines.Add(body);
            return Overtaken ? Results.Json(new Problem { Status = 409, Title = "Conflict", Detail = $"Somebody has stored version 4 of {name} meanwhile; nothing was stored." }, ContractsJson.Options, "application/problem+json", 409) : Results.Json(Sample.Put(name, body.Text), ContractsJson.Options);
        });
        api.MapDelete("/pipelines/{name}", (string name) => Results.NoContent());
        api.MapGet("/schema/pipeline.json", () => JsonDocument.Parse(Sample.Schema).RootElement);
        api.MapGet("/runs", (string? pipeline, string? state, string? search, int page, int size) => Runs(pipeline, state, search, page, size));
        api.MapPost("/runs", (StartRun body) =>
        {
            Started.Add(body);
            return new RunStarted(Sample.RunningId);
        });
        api.MapGet("/runs/{run}", (string run) => Sample.Run(run));
        api.MapPost("/runs/{run}/cancel", (string run) => Results.Accepted());
        api.MapPost("/runs/{run}/pause", (string run) => Hold(run, true));
        api.MapPost("/runs/{run}/resume", (string run) => Hold(run, false));
        api.MapPost("/runs/{run}/retry", (string run) => new RunStarted(Sample.RunningId));
        api.MapGet("/runs/{run}/jobs/{job}/checks/rows", (string check) => new CheckRows(check, 12, [.. Enumerable.Range(1, 3).Select(i => JsonSerializer.SerializeToElement(new { origin = "ATL", date = "2001-01-01", delay = 1440 + i }))]));
        api.MapGet("/runs/{run}/logs", (string run, long? after, string? level, string? search) => run == Fakes.Sample.UnloggedId ? [] : Sample.Logs(after ?? 0, level, search));
        api.MapGet("/runs/{run}/events", (HttpContext context, string run) => StreamAsync(context, Sample.RunEvents(run)));
        api.MapGet("/events", (HttpContext context) => StreamAsync(context, [new RunEvent(RunEvent.Ready, "")]));
        api.MapGet("/layers", (string? layer, string? search, int page, int size) => Enum.GetValues<TableLayer>().Where(l => layer is null || l.ToString().Equals(layer, StringComparison.OrdinalIgnoreCase)).Select(l =>
        {
            var all = Sample.Tables.Where(t => t.Layer == l && (search is null || t.Name.Contains(search) || t.Description?.Contains(search) == true)).ToList();
            return new LayerPage(l, all.Sum(t => t.Rows), all.Sum(t => t.Bytes), new Page<TableSummary>([.. all.Skip((page - 1) * size).Take(size)], all.Count, page, size));
        }));
        api.MapGet("/tables/{layer}/{name}", (string layer, string name) => Sample.Table($"{layer}.{name}"));
        api.MapGet("/tables/{layer}/{name}/profile", (string layer, string name) => Sample.Profile($"{layer}.{name}"));
        api.MapGet("/tables/{layer}/{name}/columns/{column}/lineage", (string layer, string name, string column) => Sample.Lineage($"{layer}.{name}", column));
        api.MapGet("/tables/{layer}/{name}/diff", (string layer, string name, long from, long to) => Sample.Diff($"{layer}.{name}", from, to));
        api.MapGet("/tables/{layer}/{name}/versions", () => Sample.Versions);
        api.MapGet("/tables/{layer}/{name}/restore", (string layer, string name, long version) => Sample.Restore($"{layer}.{name}", version));
        api.MapPost("/tables/{layer}/{name}/restore", (string layer, string name, RestoreTable body) =>
        {
            Restores.Add(body);
            return new TableRestored($"{layer}.{name}", 5, body.Version, 1, 1);
        });
        api.MapGet("/tables/{layer}/{name}/rows", (HttpContext context, string layer, string name, long? offset, int? limit, string? sort, bool? desc, string? filter) =>
        {
            RowQueries.Add(context.Request.QueryString.Value ?? "");
            return Sample.Rows($"{layer}.{name}", offset ?? 0, limit ?? 50, sort, desc ?? false, filter);
        });
        api.MapGet("/tables/bronze/{name}/rejects", (string name) => Sample.Rejects(name));
        api.MapGet("/tables/silver/{name}/rejects", (HttpContext context, string name) =>
        {
            RejectQueries.Add(context.Request.QueryString.Value ?? "");
            return Sample.Quarantined($"silver.{name}");
        });
        MapSources(api);
        MapDrift(api);
        MapJobs(api);
        MapHistory(api);
        MapUpkeep(api);
        api.MapPost("/tables/bronze/{name}/rejects/replay/preview", (string name, ReplayRejects body) => Sample.Replay(body));
        api.MapPost("/tables/bronze/{name}/rejects/replay", (string name, ReplayRejects body) =>
        {
            Replayed.Add(body);
            return new RunStarted(Sample.RunningId);
        });
        api.MapTemporal(this);
        api.MapGet("/search", (string q) => Sample.Search(q));
    }

    private Accepted Hold(string run, bool paused)
    {
        Say(new RunEvent(RunEvent.RunChanged, run) { Run = Sample.Runs.First(r => r.Run == run) with { Paused = paused } });
        return TypedResults.Accepted((string?)null);
    }

    private Page<RunSummary> Runs(string? pipeline, string? state, string? search, int page, int size)
    {
        var found = Sample.Runs.Where(r => (pipeline is null || r.Pipeline == pipeline) && (state is null || r.State.ToString().Equals(state, StringComparison.OrdinalIgnoreCase))
            && (search is null || r.Run.Contains(search) || r.Pipeline.Contains(search))).ToArray();
        return new Page<RunSummary>([.. found.Skip((page - 1) * size).Take(size)], found.Length, page, size);
    }

    private static Page<T> Page<T>(IEnumerable<T> items) => new([.. items], items.Count(), 1, 50);

    private async Task StreamAsync(HttpContext context, IReadOnlyList<RunEvent> first)
    {
        var mine = Channel.CreateUnbounded<RunEvent>();
        lock (listeners)
            listeners.Add(mine);
        context.Response.ContentType = "text/event-stream";
        foreach (var e in first)
            mine.Writer.TryWrite(e);
        try
        {
            await foreach (var e in mine.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync($"event: {e.Type}\ndata: {JsonSerializer.Serialize(e, ContractsJson.Options)}\n\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                if (e.Type == RunEvent.End)
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // The workbench went away.
        }
        finally
        {
            lock (listeners)
                listeners.Remove(mine);
        }
    }
}
