using FlowForge.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class FakeRuntime
{
    /// <summary>Queries of the ingestion history, in order.</summary>
    public Noted<string> HistoryQueries { get; } = new();

    /// <summary>The samples of runs are not answered before this is done.</summary>
    public Task SamplesHeld { get; set; } = Task.CompletedTask;

    private void MapHistory(RouteGroupBuilder api)
    {
        api.MapGet("/sources", (string? kind, string? search) => Page(Sample.Cards.Where(c => (kind is null || c.Kind.ToString().Equals(kind, StringComparison.OrdinalIgnoreCase)) && (search is null || c.Job.Contains(search)))));
        api.MapPost("/sources/{pipeline}/{job}/look", (string pipeline, string job) => new SourceLook(12, 2, [new("data/flights-2001.json", 1_240_000, Sample.Now.AddMinutes(-3), false), new("data/flights-2000.json", 990, null, true)], Sample.Now));
        api.MapGet("/ingestions", (HttpContext context) =>
        {
            HistoryQueries.Add(context.Request.QueryString.Value ?? "");
            return context.Request.Query["search"] == "nothing" ? Page<Ingestion>([]) : Page(Sample.Ingested);
        });
        api.MapGet("/ingestions.csv", () => Results.Text("run,pipeline\r\nrun_1,flights\r\n", "text/csv"));
        api.MapGet("/runs/{run}/samples", async (string run) => await SamplesHeld.ContinueWith(_ => Enumerable.Range(0, 60).Select(i => new RunSampleEntry(Sample.Now.AddSeconds(i - 60), i * 20_000, i * 1_000_000, 0.4 + i % 7 * 0.2, 400_000_000 + i * 3_000_000)), TaskScheduler.Default));
    }
}
