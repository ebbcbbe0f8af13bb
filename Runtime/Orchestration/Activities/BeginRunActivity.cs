using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Activities;

/// <summary>
/// Marks a run as running and fixes what all of its jobs share: its time, and the versions of the tables that it reads but does not make.
/// Repeatable: the time is the recorded one.
/// </summary>
public sealed class BeginRunActivity(RunStore runs, PipelineStore pipelines, PipelineReader reader, LakeStore lake, OverlapRules overlap, TimeProvider clock)
{
    public Task<object?> RunAsync(ActivityContext context)
    {
        var runId = context.Input<BeginInput>()!.RunId;
        var run = runs.Get(runId) ?? throw new ApplicationFailure($"Run {runId} is not in the catalog.", "FF3001", nonRetryable: true);
        var reading = pipelines.Get(run.Pipeline, run.PipelineVersion) is { } version ? reader.Read(version) : null;
        if (run.State == RunState.Queued && overlap.Blocker(run, reading?.Definition?.OnOverlap ?? OverlapPolicy.Buffer) is { } blocker)
            throw new ApplicationFailure($"Waiting for {blocker.RunId} of the same pipeline.", "RunWaits") { NextRetryDelay = TimeSpan.FromSeconds(1) };

        runs.SetState(runId, RunState.Running, null, clock.GetUtcNow());
        var startedAt = runs.Get(runId)!.StartedAt!.Value;
        return Task.FromResult<object?>(new BeginResult(startedAt, Pins(run, reading)));
    }

    private Dictionary<string, long> Pins(RunRecord run, PipelineReading? reading)
    {
        var jobs = (reading?.Plan.Jobs ?? []).Where(j => run.JobIds.Count == 0 || run.JobIds.Contains(j.Id)).ToArray();
        var made = jobs.Select(j => j.Writes).ToHashSet(StringComparer.Ordinal);
        var pins = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in jobs.SelectMany(j => j.Reads).Distinct(StringComparer.Ordinal).Where(t => !made.Contains(t)))
            if (TableName.TryParse(table, out var name) && lake.Table(name).Latest() is { } snapshot) pins[table] = snapshot.Version;
        return pins;
    }
}
