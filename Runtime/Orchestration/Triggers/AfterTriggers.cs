using FlowForge.Catalog;
using FlowForge.Orchestration.Runs;
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
    /// <param name="policy">What the pipeline does when a run meets an open one: with <c>skip</c>, the ends that come meanwhile share one run when that one is over.</param>
    /// <returns>False when a start has to be tried again soon.</returns>
    public async Task<bool> StepAsync(string pipeline, AfterTrigger trigger, OverlapPolicy policy, CancellationToken cancel)
    {
        catalog.Triggers.Begin(pipeline, trigger.Key, catalog.Triggers.LastEnd(), new Dictionary<string, string>());
        while (Next(pipeline, trigger, policy) is { } news)
        {
            if (news.RunId is null)
            {
                catalog.Triggers.Done(pipeline, trigger.Key, news.Position, null, null, clock.GetUtcNow());
                continue;
            }
            catalog.Triggers.Decide(pipeline, trigger.Key, news.RunId, news.Note, new Dictionary<string, string>(), [], news.Position);
            var (outcome, refusal) = await starter.StartAsync(pipeline, news.RunId, "after", news.Note, news.Interval, cancel);
            if (outcome == StartOutcome.Later) return false;
            if (refusal is { Reason: RunRefusal.Conflict })
            {
                var problem = "waiting: " + refusal.Message;
                if (catalog.Triggers.Get(pipeline, trigger.Key)!.Problem != problem) catalog.Triggers.Checked(pipeline, trigger.Key, problem, clock.GetUtcNow());
                return false;
            }
            if (refusal is not null) logger.LogWarning("{Pipeline} does not run {Note}: {Reason}", pipeline, news.Note, refusal.Message);
            catalog.Triggers.Done(pipeline, trigger.Key, news.Position, refusal is null ? news.RunId : null, refusal is null ? null : $"left out {news.Note}: {refusal.Message}", clock.GetUtcNow());
        }
        return true;
    }

    /// <param name="RunId">Null when nothing is to be run up to the position.</param>
    private sealed record News(long Position, string? RunId, string Note, DataInterval? Interval);

    private News? Next(string pipeline, AfterTrigger trigger, OverlapPolicy policy)
    {
        var state = catalog.Triggers.Get(pipeline, trigger.Key)!;
        // A crash came after the start and before it was noted: the run is about what was decided then.
        if (state is { PendingRun: { } pending, PendingPosition: { } until } && catalog.Runs.Get(pending) is { } recorded) return new(until, pending, state.PendingNote ?? "", recorded.Interval);

        var (position, wanted) = (state.Position, new List<RunEnd>());
        while (catalog.Triggers.NextEnd(trigger.Pipeline, position) is { } end)
        {
            position = end.EndId;
            if (trigger.On == AfterEnd.Any || end.State == RunState.Succeeded) wanted.Add(end);
            if (policy != OverlapPolicy.Skip) break;
        }
        if (position == state.Position) return null;
        if (wanted.Count == 0) return new(position, null, "", null);
        var (first, last) = (wanted[0], wanted[^1]);
        var note = $"after {last.RunId} of {trigger.Pipeline}, which {Verb(last.State)}{(wanted.Count == 1 ? "" : $", and {wanted.Count - 1} before it")}";
        DataInterval[] intervals = [.. wanted.Select(e => catalog.Runs.Get(e.RunId)?.Interval).OfType<DataInterval>()];
        return new(position, TriggerStarter.RunId(first.EndedAt, $"{pipeline}|{trigger.Key}|{first.EndId}"), note, intervals.Length == 0 ? null : new(intervals.Min(i => i.Start), intervals.Max(i => i.End)));
    }

    private static string Verb(RunState state) => state switch { RunState.Cancelled => "was cancelled", RunState.Held => "was held", _ => state.ToText() };
}
