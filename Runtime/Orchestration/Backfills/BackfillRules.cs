using FlowForge.Catalog;
using FlowForge.Orchestration.Workflow;

namespace FlowForge.Orchestration.Backfills;

/// <summary>How far one interval is. A <see cref="Starting"/> run is asked for and cannot hear a cancel request yet.</summary>
public enum ItemPhase { Waiting, Recording, Recorded, Starting, Running, Succeeded, Failed, Cancelled }

/// <summary>What a backfill's history says.</summary>
/// <param name="Items">In the order of <see cref="BackfillInput.Items"/>.</param>
public sealed record BackfillFacts(BackfillInput Input, IReadOnlyList<ItemPhase> Items, StepPhase Finish, bool CancelRequested);

/// <summary>What a backfill does next.</summary>
public abstract record BackfillAction
{
    /// <summary>Writes the run into the catalog.</summary>
    public sealed record Record(BackfillItem Item) : BackfillAction;

    /// <summary>Starts the run as a child workflow.</summary>
    public sealed record Start(BackfillItem Item) : BackfillAction;

    public sealed record Cancel(BackfillItem Item) : BackfillAction;

    public sealed record Finish(FinishBackfillInput Input) : BackfillAction;

    /// <summary>Goes on in a fresh history.</summary>
    public sealed record GoOn(BackfillInput Rest) : BackfillAction;

    public sealed record Close(RunState State, RunError? Error) : BackfillAction;
}

/// <summary>
/// The rules of a backfill as a pure function: intervals oldest first, so many at once as it may; a failed run does not stop the others; a cancel stops those under
/// way and starts no more. After every <see cref="Window"/> intervals the workflow goes on in a fresh history, when none is under way.
/// </summary>
public static class BackfillRules
{
    public const int Window = 100;

    public static IReadOnlyList<BackfillAction> Next(BackfillFacts facts)
    {
        var (input, now) = (facts.Input, facts.Items.Take(Window).ToArray());
        var (state, error) = Outcome(facts, now);
        if (facts.Finish is StepPhase.Succeeded or StepPhase.Failed or StepPhase.Cancelled) return [new BackfillAction.Close(state, error)];
        if (facts.Finish == StepPhase.Running) return [];

        var busy = Indexes(now, p => p is ItemPhase.Recording or ItemPhase.Recorded or ItemPhase.Starting or ItemPhase.Running);
        if (facts.CancelRequested)
        {
            // A run that is recorded but was not started is started all the same, and cancelled as soon as it has started: so it ends as every run does.
            return busy.Length == 0
                ? [new BackfillAction.Finish(new(input.BackfillId, state, error))]
                : [.. busy.Where(i => now[i] == ItemPhase.Recorded).Select(i => new BackfillAction.Start(input.Items[i])),
                   .. busy.Where(i => now[i] == ItemPhase.Running).Select(i => new BackfillAction.Cancel(input.Items[i]))];
        }
        var waiting = Indexes(now, p => p == ItemPhase.Waiting);
        if (busy.Length == 0 && waiting.Length == 0)
        {
            return input.Items.Count > Window
                ? [new BackfillAction.GoOn(input with { Items = [.. input.Items.Skip(Window)], Before = input.Before + Tally(now) })]
                : [new BackfillAction.Finish(new(input.BackfillId, state, error))];
        }
        return [.. busy.Where(i => now[i] == ItemPhase.Recorded).Select(i => new BackfillAction.Start(input.Items[i])),
            .. waiting.Take(Math.Max(0, Math.Max(1, input.MaxParallel) - busy.Length)).Select(i => new BackfillAction.Record(input.Items[i]))];
    }

    private static int[] Indexes(ItemPhase[] items, Func<ItemPhase, bool> which) => [.. Enumerable.Range(0, items.Length).Where(i => which(items[i]))];

    private static BackfillTally Tally(IEnumerable<ItemPhase> items) => items.Aggregate(default(BackfillTally), (sum, p) => p switch
    {
        ItemPhase.Succeeded => sum with { Succeeded = sum.Succeeded + 1 },
        ItemPhase.Failed => sum with { Failed = sum.Failed + 1 },
        ItemPhase.Cancelled => sum with { Cancelled = sum.Cancelled + 1 },
        _ => sum,
    });

    private static (RunState State, RunError? Error) Outcome(BackfillFacts facts, ItemPhase[] now)
    {
        var tally = facts.Input.Before + Tally(now);
        if (tally.Failed > 0)
        {
            var total = tally.Succeeded + tally.Failed + tally.Cancelled;
            return (RunState.Failed, new RunError("FF3401", $"{tally.Failed} of {total} runs failed{(facts.CancelRequested ? ", and it was cancelled" : "")}.",
                "Look at the runs, mend the cause, then start a backfill of the same range for what has not succeeded."));
        }
        return facts.CancelRequested || tally.Cancelled > 0 ? (RunState.Cancelled, null) : (RunState.Succeeded, null);
    }
}
