using FlowForge.Catalog;
using FlowForge.Pipelines;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Triggers;

/// <summary>
/// Runs pipelines after others. It goes along the catalog's record of run ends from where it was, so a kill between the end of one run and the start of the next
/// loses nothing, and the start's id comes from the end, so nothing runs twice. Called by one thread at a time.
/// </summary>
public sealed class AfterTriggers(CatalogDatabase catalog, TriggerStarter starter, TimeProvider clock, ILogger<AfterTriggers> logger)
{
    /// <summary>Sees to all ends that came since.</summary>
    /// <returns>False when a start has to be tried again soon.</returns>
    public async Task<bool> StepAsync(string pipeline, AfterTrigger trigger, CancellationToken cancel)
    {
        catalog.Triggers.Begin(pipeline, trigger.Key, catalog.Triggers.LastEnd(), new Dictionary<string, string>());
        while (catalog.Triggers.NextEnd(trigger.Pipeline, catalog.Triggers.Get(pipeline, trigger.Key)!.Position) is { } end)
        {
            if (trigger.On == AfterEnd.Success && end.State != RunState.Succeeded)
            {
                catalog.Triggers.Done(pipeline, trigger.Key, end.EndId, null, null, clock.GetUtcNow());
                continue;
            }
            var runId = TriggerStarter.RunId(end.EndedAt, $"{pipeline}|{trigger.Key}|{end.EndId}");
            var (outcome, refusal) = await starter.StartAsync(pipeline, runId, "after", $"after {end.RunId} of {trigger.Pipeline}, which {Verb(end.State)}", catalog.Runs.Get(end.RunId)?.Interval, cancel);
            if (outcome == StartOutcome.Later) return false;
            if (refusal is not null) logger.LogWarning("{Pipeline} does not run after {RunId}: {Reason}", pipeline, end.RunId, refusal.Message);
            catalog.Triggers.Done(pipeline, trigger.Key, end.EndId, refusal is null ? runId : null, refusal is null ? null : $"left out after {end.RunId}: {refusal.Message}", clock.GetUtcNow());
        }
        return true;
    }

    private static string Verb(RunState state) => state == RunState.Cancelled ? "was cancelled" : state.ToText();
}
