using FlowForge.Catalog;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Activities;

/// <summary>Writes down that a run waits before its jobs are tried again. Repeatable.</summary>
public sealed class NoteRunActivity(RunStore runs, LogStore logs, TimeProvider clock)
{
    public Task<object?> RunAsync(ActivityContext context)
    {
        var input = context.Input<NoteInput>()!;
        var at = context.Task.ScheduledTime + input.Delay;
        runs.SetWaiting(input.RunId, $"try {input.Round} of {input.Attempts} failed; the next begins at {at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        logs.Append(input.RunId, null, JobLogLevel.Warning, clock.GetUtcNow(), $"try {input.Round} of {input.Attempts} of the run failed: {input.Error?.Message} What did not succeed is tried again at {at.UtcDateTime:HH:mm:ss} UTC");
        return Task.FromResult<object?>(null);
    }
}
