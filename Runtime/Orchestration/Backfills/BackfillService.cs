using System.Security.Cryptography;
using System.Text;
using FlowForge.Catalog;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Orchestration.Backfills;

/// <summary>What to run again over a range of time.</summary>
/// <param name="Step"><c>1d</c>, <c>6h</c>, or <c>schedule</c>; null takes the schedule if there is one, else a day.</param>
/// <param name="JobIds">Only these jobs; empty for all.</param>
public sealed record BackfillRequest(string Pipeline, DataInterval Range, string? Step, BackfillOnly Only, int MaxParallel, IReadOnlyList<string> JobIds, IReadOnlyDictionary<string, string> Parameters);

/// <summary>One interval of a range: whether it would run, and why or why not.</summary>
/// <param name="RunId">The newest run about it; null when there was none, or retention has removed it.</param>
public sealed record PlannedInterval(DataInterval Interval, bool Runs, string Reason, string? RunId, RunState? State);

/// <summary>What a backfill would do.</summary>
public sealed record BackfillPlan(PipelineVersion Version, string Step, IReadOnlyList<PlannedInterval> Intervals);

/// <summary>Plans, starts and cancels backfills; after a start of the runtime makes catalog and Temporal agree about them. Thread-safe.</summary>
public sealed class BackfillService(CatalogDatabase catalog, RunService runs, TemporalConnection temporal, TimeProvider clock, ILogger<BackfillService> logger)
{
    public const int MostParallel = 16;

    private readonly Lock _planning = new();

    /// <summary>What would run; starts nothing.</summary>
    /// <exception cref="RunRefusedException">There is no such pipeline or job, it has errors, or the range or step is not understood.</exception>
    public BackfillPlan Plan(BackfillRequest request)
    {
        var version = catalog.Pipelines.Get(request.Pipeline) ?? throw new RunRefusedException(RunRefusal.NotFound, "FF3101", $"There is no pipeline {request.Pipeline}.");
        var (definition, _) = runs.Plan(version, new StartRun(request.Pipeline, request.JobIds, "backfill", request.Parameters));
        RunService.Parameters(definition, request.Parameters);
        if (request.MaxParallel is < 1 or > MostParallel) throw Wrong($"max_parallel is {request.MaxParallel}; it may be 1 to {MostParallel}.", "Tables are written by one run at a time, so more would only wait.");
        if (request.Range.Start >= request.Range.End) throw Wrong($"The range ends ({request.Range.End:u}) before it starts ({request.Range.Start:u}).", "Give a 'from' before the 'to'.");
        if (request.Range.Start.Year < 1900 || request.Range.End.Year > 9000)
            throw Wrong($"The range goes from {request.Range.Start:u} to {request.Range.End:u}; it may lie between the years 1900 and 9000.", "Look at the years of 'from' and 'to'.");
        var step = request.Step ?? (definition.Schedule is null ? "1d" : BackfillIntervals.BySchedule);
        IReadOnlyList<DataInterval> intervals;
        try
        {
            intervals = BackfillIntervals.Split(request.Range, step, definition.Schedule);
        }
        catch (FormatException wrong)
        {
            throw Wrong(wrong.Message, "Write schedule, or a number with s, m, h or d: 1d, 6h.");
        }
        if (intervals.Count > BackfillIntervals.Most) throw Wrong($"The range has more than {BackfillIntervals.Most} intervals of {step}.", "Take a shorter range or a longer step.");
        if (intervals.Count == 0) throw Wrong($"No whole interval of the schedule lies between {request.Range.Start:u} and {request.Range.End:u}.", "Take a longer range, or give a step.");

        RefuseOverlap(request, step, intervals);
        var known = catalog.Backfills.Newest(request.Pipeline, request.Range).Where(r => Covers(r.JobIds, request.JobIds)).ToLookup(r => r.Interval);
        var ahead = Ahead(request, [.. known.SelectMany(k => k).Select(r => r.RunId)]);
        return new(version, step, [.. intervals.Select(i => Judge(i, [.. known[i]], ahead.GetValueOrDefault(i), request.Only))]);
    }

    /// <summary>An open backfill that has cut the same time otherwise, or does some of the same jobs: together the two would do work twice, and neither could leave out what the other does.</summary>
    private void RefuseOverlap(BackfillRequest request, string step, IReadOnlyList<DataInterval> intervals)
    {
        foreach (var open in catalog.Backfills.Open().Where(b => b.Pipeline == request.Pipeline && SharesJobs(b.JobIds, request.JobIds)))
        {
            var same = Covers(open.JobIds, request.JobIds) ? open.Intervals.ToHashSet() : [];
            if (!intervals.Where(i => !same.Contains(i)).Any(i => open.Intervals.Any(o => o.Start < i.End && i.Start < o.End))) continue;
            throw new RunRefusedException(RunRefusal.Conflict, "FF3405",
                $"Backfill {open.BackfillId} of {open.Pipeline} works on {open.Range.Start:u} to {open.Range.End:u} in steps of {open.Step}{(open.JobIds.Count == 0 ? "" : $" ({string.Join(", ", open.JobIds)})")}, which overlaps with this one in other pieces.",
                open.Step == step ? "Wait for its end or cancel it; or leave its jobs out." : $"Wait for its end, cancel it, or take its step ({open.Step}): then what it does is left out here.");
        }
    }

    private static bool SharesJobs(IReadOnlyList<string> one, IReadOnlyList<string> other) => one.Count == 0 || other.Count == 0 || one.Intersect(other, StringComparer.Ordinal).Any();

    /// <summary>The intervals for which an open backfill has not made its run yet, each with the backfill.</summary>
    private Dictionary<DataInterval, string> Ahead(BackfillRequest request, HashSet<string> made)
    {
        var ahead = new Dictionary<DataInterval, string>();
        foreach (var open in catalog.Backfills.Open().Where(b => b.Pipeline == request.Pipeline && Covers(b.JobIds, request.JobIds)))
            for (var i = 0; i < open.Intervals.Count; i++)
                if (!made.Contains(RunIdOf(open, i))) ahead.TryAdd(open.Intervals[i], open.BackfillId);
        return ahead;
    }

    /// <returns>The backfill's id; it is recorded, and its workflow is started as soon as Temporal answers.</returns>
    /// <exception cref="RunRefusedException">As <see cref="Plan"/>; or nothing is to be run.</exception>
    public async Task<string> StartAsync(BackfillRequest request, CancellationToken cancel)
    {
        BackfillRecord backfill;
        lock (_planning) backfill = Record(request); // two at once do not plan the same intervals
        await StartWorkflowAsync(backfill, cancel);
        return backfill.BackfillId;
    }

    private BackfillRecord Record(BackfillRequest request)
    {
        var plan = Plan(request);
        var wanted = plan.Intervals.Where(i => i.Runs).Select(i => i.Interval).ToArray();
        if (wanted.Length == 0) throw new RunRefusedException(RunRefusal.Conflict, "FF3403", "There is nothing to run: every interval of the range is left out.", "Look at the preview for the reasons; only: all runs them again.");
        var now = clock.GetUtcNow();
        var backfill = new BackfillRecord
        {
            BackfillId = "bf_" + RunIds.New(now)["run_".Length..], Pipeline = plan.Version.Name, PipelineVersion = plan.Version.Version, Range = request.Range, Step = plan.Step,
            Only = request.Only, MaxParallel = request.MaxParallel, JobIds = request.JobIds, Parameters = request.Parameters, Intervals = wanted, CreatedAt = now,
        };
        catalog.Backfills.Create(backfill);
        return backfill;
    }

    /// <summary>Runs under way are cancelled, no more start, what was published stays. No effect on one that has ended.</summary>
    public async Task CancelAsync(string id, CancellationToken cancel)
    {
        var backfill = catalog.Backfills.Get(id) ?? throw new RunRefusedException(RunRefusal.NotFound, "FF3400", $"There is no backfill {id}.");
        if (backfill.State.IsFinal()) return;
        try
        {
            await (await temporal.GetAsync(cancel)).GetHandle(BackfillNames.WorkflowId(id)).CancelAsync("cancelled by a person", cancel);
        }
        catch (WorkflowNotFoundException)
        {
            catalog.Backfills.SetState(id, RunState.Cancelled, null, clock.GetUtcNow());
        }
    }

    /// <summary>After a start: starts what was recorded only, closes what Temporal no longer runs.</summary>
    public async Task ReconcileAsync(CancellationToken cancel)
    {
        var client = await temporal.GetAsync(cancel);
        foreach (var backfill in catalog.Backfills.Open())
        {
            try
            {
                await ReconcileAsync(client, backfill, cancel);
            }
            catch (RunRefusedException refused)
            {
                Close(backfill, RunState.Failed, refused.Message);
            }
        }
    }

    /// <summary>Starts what is recorded but has not begun: it was asked for while Temporal did not answer. Repeatable.</summary>
    public async Task StartLeftOverAsync(TimeSpan age, CancellationToken cancel)
    {
        foreach (var backfill in catalog.Backfills.Open().Where(b => b.State == RunState.Queued && b.CreatedAt < clock.GetUtcNow() - age))
        {
            try
            {
                await StartWorkflowAsync(backfill, cancel);
            }
            catch (RunRefusedException refused)
            {
                Close(backfill, RunState.Failed, refused.Message);
            }
        }
    }

    private async Task ReconcileAsync(TemporalClient client, BackfillRecord backfill, CancellationToken cancel)
    {
        try
        {
            var status = (await client.GetHandle(BackfillNames.WorkflowId(backfill.BackfillId)).DescribeAsync(cancel)).Summary.Status;
            if (status == WorkflowExecutionStatus.Running) return;
            Close(backfill, status == WorkflowExecutionStatus.Canceled ? RunState.Cancelled : RunState.Failed, $"The backfill's workflow ended from outside ({status}).");
        }
        catch (WorkflowNotFoundException) when (backfill.State == RunState.Queued)
        {
            await StartWorkflowAsync(backfill, cancel);
            logger.LogInformation("{BackfillId} was recorded but not started; it is started now", backfill.BackfillId);
        }
        catch (WorkflowNotFoundException)
        {
            Close(backfill, RunState.Failed, "Temporal no longer knows this backfill's workflow.");
        }
    }

    private async Task StartWorkflowAsync(BackfillRecord backfill, CancellationToken cancel)
    {
        var version = catalog.Pipelines.Get(backfill.Pipeline, backfill.PipelineVersion)
            ?? throw new RunRefusedException(RunRefusal.NotFound, "FF3101", $"There is no pipeline {backfill.Pipeline} version {backfill.PipelineVersion}.");
        var (definition, jobs) = runs.Plan(version, new StartRun(backfill.Pipeline, backfill.JobIds, "backfill", backfill.Parameters));
        var input = new BackfillInput(backfill.BackfillId, backfill.Pipeline, backfill.PipelineVersion, backfill.MaxParallel, definition.MaxParallelJobs, RunService.Steps(jobs),
            [.. backfill.Intervals.Select((interval, i) => new BackfillItem(RunIdOf(backfill, i), interval.Start, interval.End))], default, definition.RunRetry.Attempts, definition.RunRetry.Delay);
        try
        {
            await (await temporal.GetAsync(cancel)).StartWorkflowAsync(BackfillNames.Workflow, input, new StartWorkflowOptions
            {
                Id = BackfillNames.WorkflowId(backfill.BackfillId), TaskQueue = RunNames.TaskQueue, RequestId = backfill.BackfillId, IdReusePolicy = WorkflowIdReusePolicy.RejectDuplicate,
                Summary = $"{backfill.Pipeline}: {backfill.Intervals.Count} intervals",
            }, cancel);
        }
        catch (WorkflowAlreadyStartedException)
        {
            // A crash came after the start: it is the one that was asked for.
        }
    }

    /// <summary>The same for the same backfill and interval: a repeated start makes no second run.</summary>
    private static string RunIdOf(BackfillRecord backfill, int index) =>
        RunIds.From(backfill.CreatedAt.AddMilliseconds(index), SHA256.HashData(Encoding.UTF8.GetBytes($"{backfill.BackfillId}/{index}")));

    private void Close(BackfillRecord backfill, RunState state, string reason)
    {
        catalog.Backfills.SetState(backfill.BackfillId, state, state == RunState.Failed ? new RunError("FF3402", reason, "Start a backfill of the same range for what has not succeeded.") : null, clock.GetUtcNow());
        logger.LogWarning("{BackfillId} closed as {State}: {Reason}", backfill.BackfillId, state, reason);
    }

    private static PlannedInterval Judge(DataInterval interval, IReadOnlyList<IntervalRun> known, string? ahead, BackfillOnly only)
    {
        var last = known.Count > 0 ? known[^1] : null;
        if (known.FirstOrDefault(r => !r.State.IsFinal()) is { } open) return new(interval, false, $"{open.RunId} works on it", open.RunId, open.State);
        if (ahead is not null) return new(interval, false, $"{ahead} will work on it", last is null ? null : Shown(last), last?.State);
        if (known.LastOrDefault(r => r.State == RunState.Succeeded) is { } done)
            return new(interval, only == BackfillOnly.All, $"succeeded in {Told(done)}{(only == BackfillOnly.All ? ", runs again" : "")}", Shown(done), done.State);
        return last is null
            ? new(interval, only != BackfillOnly.Failed, "no run yet", null, null)
            : new(interval, only != BackfillOnly.Missing, $"{Told(last)} {(last.State == RunState.Failed ? "failed" : "was cancelled")}", Shown(last), last.State);
    }

    private static string Told(IntervalRun run) => run.Removed ? $"{run.RunId} (removed since)" : run.RunId;

    /// <summary>Null for one that cannot be looked at any more.</summary>
    private static string? Shown(IntervalRun run) => run.Removed ? null : run.RunId;

    /// <summary>Whether a run of <paramref name="ran"/> says something about <paramref name="wanted"/>; no ids mean all jobs.</summary>
    private static bool Covers(IReadOnlyList<string> ran, IReadOnlyList<string> wanted) => ran.Count == 0 || (wanted.Count > 0 && wanted.All(w => ran.Contains(w, StringComparer.Ordinal)));

    private static RunRefusedException Wrong(string message, string suggestion) => new(RunRefusal.Invalid, "FF3404", message, suggestion);
}
