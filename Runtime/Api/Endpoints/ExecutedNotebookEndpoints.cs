using System.Globalization;
using System.Text.Json.Nodes;
using FlowForge.Api.Notebooks;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;
using FlowForge.Notebooks.Sessions.Live;
using FlowForge.Orchestration.Notebooks;

namespace FlowForge.Api.Endpoints;

/// <summary>Notebooks as jobs of runs executed them.</summary>
internal static class ExecutedNotebookEndpoints
{
    private const int Listed = 1000;

    public static void MapExecutedNotebooks(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/runs/{run}/jobs/{job}/notebook").WithTags("Runs");
        group.MapGet("/", Get).WithSummary("The notebook as a job of a run executed it, with its outputs; format=ipynb gives the file.");
        api.MapGet("/executed-notebooks", (ExecutedRetention retention, TimeProvider clock) => Report(retention.Plan(clock.GetUtcNow()))).WithTags("Notebooks").WithSummary("How many executed notebooks are kept, and which are older than Notebooks:ExecutedDays. Removes nothing.");
        api.MapPost("/executed-notebooks/clean", (ExecutedRetention retention, TimeProvider clock) => Report(retention.Remove("API", clock.GetUtcNow()))).WithTags("Notebooks").WithSummary("Removes the old ones, and notes it in the audit.");
        group.MapPost("/copy", Copy).WithSummary("Puts the executed notebook among the notebooks, beside what is there.");
    }

    private static IResult Get(ExecutedNotebooks executed, string run, string job, string? format)
    {
        var document = Find(executed, run, job);
        return format switch
        {
            "ipynb" => Results.Text(document.Write(), "application/x-ipynb+json"),
            null or "json" => Results.Ok(ToExecuted(run, job, document)),
            _ => throw ProblemException.Bad("FF6031", $"'{format}' is no format of an executed notebook.", "Choose json or ipynb."),
        };
    }

    private static NotebookPlace Copy(ExecutedNotebooks executed, NotebookHost host, string run, string job)
    {
        var document = Find(executed, run, job);
        var to = host.Folder.Free(NotebookPath.Parse($"runs/{job} {run}"));
        host.Folder.Write(to, document);
        return new NotebookPlace(to.Text);
    }

    private static ExecutedReport Report(ExecutedPlan plan) => new(plan.Days, plan.All.Count, plan.All.Sum(c => c.Bytes), plan.Going.Count, plan.Going.Sum(c => c.Bytes),
        [.. plan.Going.Take(Listed).Select(c => new ExecutedFile(c.Run, c.Job, c.Bytes, c.At))], [.. plan.Kept.GroupBy(k => k.Reason).Select(g => new LandingKept(g.Key, g.Count(), g.Sum(k => k.Copy.Bytes)))]);

    private static NotebookDocument Find(ExecutedNotebooks executed, string run, string job) =>
        executed.Find(run, job) ?? throw ProblemException.NotFound("FF6007", $"The job {job} of {run} has executed no notebook.", "Its copy is there once the first attempt has begun; old copies are removed after Notebooks:ExecutedDays, which the audit tells.");

    private static ExecutedNotebook ToExecuted(string run, string job, NotebookDocument document)
    {
        var told = document.Metadata["flowforge"]?["run"] as JsonObject;
        return new ExecutedNotebook(run, job, Text("notebook") ?? "", told?["attempt"]?.GetValue<int>() ?? 1, Text("state") ?? "",
            DateTimeOffset.TryParse(Text("started"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var started) ? started : null, told?["seconds"]?.GetValue<double>(),
            (told?["parameters"] as JsonObject)?.ToDictionary(p => p.Key, p => p.Value?.ToString() ?? "") ?? [],
            [.. document.Cells.Select(c => NotebookMapping.ToCell(c, null))]);

        string? Text(string name) => told?[name]?.ToString();
    }
}
