using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Backfills;

/// <summary>The record keeping of a backfill. Repeatable.</summary>
public sealed class BackfillActivities(CatalogDatabase catalog, RunService runs, TimeProvider clock)
{
    /// <summary>Writes one run into the catalog, just before its workflow starts.</summary>
    public Task<object?> RecordRunAsync(ActivityContext context)
    {
        var input = context.Input<RecordRunInput>()!;
        var backfill = catalog.Backfills.Get(input.BackfillId) ?? throw new ApplicationFailure($"Backfill {input.BackfillId} is not in the catalog.", "FF3400", nonRetryable: true);
        catalog.Backfills.SetState(backfill.BackfillId, RunState.Running, null, clock.GetUtcNow());
        try
        {
            runs.Record(backfill, input.Item.RunId, new DataInterval(input.Item.Start, input.Item.End));
        }
        catch (RunRefusedException refused)
        {
            throw new ApplicationFailure(refused.Message, refused.Code, nonRetryable: true) { Details = new RunError(refused.Code, refused.Message, refused.Suggestion) };
        }
        return Task.FromResult<object?>(null);
    }

    public Task<object?> FinishAsync(ActivityContext context)
    {
        var input = context.Input<FinishBackfillInput>()!;
        catalog.Backfills.SetState(input.BackfillId, input.State, input.Error, clock.GetUtcNow());
        return Task.FromResult<object?>(null);
    }
}
