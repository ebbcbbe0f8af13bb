using FlowForge.Catalog;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Activities;

/// <summary>Writes the end of a run into the catalog, as the workflow's history tells it, and gives back its claims. Repeatable.</summary>
public sealed class FinishRunActivity(RunStore runs, ClaimStore claims, LogStore logs, TimeProvider clock)
{
    public Task<object?> RunAsync(ActivityContext context)
    {
        var input = context.Input<FinishInput>()!;
        var now = clock.GetUtcNow();
        var known = runs.Jobs(input.RunId).ToDictionary(j => j.JobId, StringComparer.Ordinal);
        foreach (var job in input.Jobs)
            if (known.TryGetValue(job.JobId, out var record) && record.State != job.State)
                runs.UpsertJob(record with { State = job.State, Error = job.Error ?? record.Error, FinishedAt = record.FinishedAt ?? now, Phase = null });

        claims.Release(input.RunId);
        if (runs.SetState(input.RunId, input.State, input.Error, now))
        {
            var level = input.State == Catalog.RunState.Succeeded ? JobLogLevel.Info : JobLogLevel.Error;
            logs.Append(input.RunId, null, level, now, $"run {Pipelines.EnumText.ToText(input.State)}{(input.Error is { } e ? $": {e.Message}" : "")}");
        }
        return Task.FromResult<object?>(null);
    }
}
