using FlowForge.Catalog;
using FlowForge.Lake;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Activities;

/// <summary>
/// Marks a run as running and fixes what all of its jobs share: its time, and the versions of the tables that it reads but does not make.
/// Repeatable: the time is the recorded one.
/// </summary>
public sealed class BeginRunActivity(RunStore runs, PipelineStore pipelines, PipelineReader reader, LakeStore lake, OverlapRules overlap, OrchestrationOptions options, TimeProvider clock)
{
    public Task<object?> RunAsync(ActivityContext context)
    {
        var runId = context.Input<BeginInput>()!.RunId;
        var run = runs.Get(runId) ?? throw new ApplicationFailure($"Run {runId} is not in the catalog.", "FF3001", nonRetryable: true);
        if (run.State.IsFinal())
            throw new ApplicationFailure(run.State == RunState.Cancelled ? $"Run {runId} was cancelled before it began." : $"Run {runId} ended before it began ({run.State.ToText()}).", "FF3103", nonRetryable: true);
        var reading = pipelines.Get(run.Pipeline, run.PipelineVersion) is { } version ? reader.Read(version) : null;
        if (run.State == RunState.Queued && overlap.Blocker(run, reading?.Definition?.OnOverlap ?? OverlapPolicy.Buffer, reading?.Definition?.MaxActiveRuns) is { } blocker)
            throw Waits(run, reading?.Definition?.MaxActiveRuns is { } most and > 1 ? $"waiting for one of {most} runs of the same pipeline to end" : $"waiting for {blocker.RunId} of the same pipeline");
        if (!runs.TryStart(runId, options.MaxActiveRuns, clock.GetUtcNow()))
            throw Waits(run, $"waiting: {options.MaxActiveRuns} runs are at work, as many as may be at once");
        var startedAt = runs.Get(runId)!.StartedAt!.Value;
        return Task.FromResult<object?>(new BeginResult(startedAt, Pins(run, reading)));
    }

    /// <summary>The more runs wait, the more seldom each of them asks.</summary>
    private ApplicationFailure Waits(RunRecord run, string reason)
    {
        runs.SetWaiting(run.RunId, reason);
        var ahead = runs.Open().Count(r => r.State == RunState.Queued && r.QueuedAt < run.QueuedAt);
        return new ApplicationFailure(reason, "RunWaits") { NextRetryDelay = TimeSpan.FromSeconds(Math.Min(10, 1 + (ahead * 0.1))) };
    }

    private Dictionary<string, long> Pins(RunRecord run, PipelineReading? reading)
    {
        var jobs = (reading?.Plan.Jobs ?? []).Where(j => run.JobIds.Count == 0 || run.JobIds.Contains(j.Id)).ToArray();
        var made = jobs.SelectMany(j => j.AllWrites).ToHashSet(StringComparer.Ordinal);
        var pins = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in jobs.SelectMany(j => j.Reads).Distinct(StringComparer.Ordinal).Where(t => !made.Contains(t)))
            if (TableName.TryParse(table, out var name) && lake.Table(name).Latest() is { } snapshot) pins[table] = snapshot.Version;
        return pins;
    }
}
