using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Runs;

/// <summary>What to run.</summary>
/// <param name="JobIds">Only these jobs; empty for all.</param>
/// <param name="Trigger"><c>manual</c>, <c>api</c>, <c>schedule</c>, <c>retry</c>.</param>
/// <param name="Interval">The time that the run's data is about; null takes the schedule's last whole one, if there is a schedule.</param>
/// <param name="FullRefresh">Datasets are built from scratch, although nothing may have changed.</param>
/// <param name="BackfillId">The backfill that the run belongs to.</param>
/// <param name="RunId">Makes the start repeatable: a run of this id that is there already is the one that was asked for. Null for a new one.</param>
public sealed record StartRun(
    string Pipeline, IReadOnlyList<string> JobIds, string Trigger, IReadOnlyDictionary<string, string> Parameters, int? Version = null, string? RetryOf = null, string? RunId = null,
    DataInterval? Interval = null, string? BackfillId = null, bool FullRefresh = false)
{
    /// <summary>Set for a replay: the job reads these rejects of its table again, not its source.</summary>
    public RejectChoice? Replay { get; init; }

    public static StartRun All(string pipeline, string trigger = "manual") => new(pipeline, [], trigger, new Dictionary<string, string>());
}

/// <summary>A run cannot be started, cancelled or retried, for a reason that its caller can mend.</summary>
public sealed class RunRefusedException(RunRefusal reason, string code, string message, string? suggestion = null, IReadOnlyList<Diagnostic>? diagnostics = null) : Exception(message)
{
    public RunRefusal Reason => reason;

    public string Code => code;

    public string? Suggestion => suggestion;

    /// <summary>For <see cref="RunRefusal.Invalid"/>: what is wrong with the pipeline.</summary>
    public IReadOnlyList<Diagnostic> Diagnostics => diagnostics ?? [];
}

/// <summary>Why a run was refused.</summary>
public enum RunRefusal { NotFound, Invalid, Conflict }

/// <summary>
/// Starts, cancels, pauses and retries runs. A run is first recorded in the catalog, then started as a workflow; a crash between the two is mended by
/// <see cref="RunReconciler"/>. Thread-safe.
/// </summary>
public sealed class RunService(
    RunStore runs, PipelineStore pipelines, PipelineReader reader, OverlapRules overlap, RunReset reset, TemporalConnection temporal, TimeProvider clock, ILogger<RunService> logger) : IDisposable
{
    private readonly SemaphoreSlim _retrying = new(1, 1);

    /// <returns>The new run's id; it is recorded, and its workflow is started as soon as Temporal answers.</returns>
    /// <exception cref="RunRefusedException">There is no such pipeline or job, the pipeline has errors, or its overlap policy forbids it.</exception>
    public async Task<string> StartAsync(StartRun request, CancellationToken cancel)
    {
        if (request.RunId is { } wanted && runs.Get(wanted) is { } started)
        {
            if (!started.State.IsFinal()) await StartWorkflowAsync(started, cancel);
            return wanted;
        }
        var version = pipelines.Get(request.Pipeline, request.Version) is { Deleted: false } found ? found : throw new RunRefusedException(
            RunRefusal.NotFound, "FF3101", $"There is no pipeline {request.Pipeline}{(request.Version is { } v ? $" version {v}" : "")}.");
        var (definition, jobs) = Plan(version, request);
        if (request.BackfillId is null) await ApplyOverlapAsync(definition, cancel);

        var now = clock.GetUtcNow();
        var run = new RunRecord
        {
            RunId = request.RunId ?? RunIds.New(now), Pipeline = version.Name, PipelineVersion = version.Version, Trigger = request.Trigger, QueuedAt = now,
            JobIds = request.JobIds, Parameters = WithReplay(Parameters(definition, request.Parameters), request.Replay), RetryOf = request.RetryOf, Interval = IntervalOf(definition, request, now),
            BackfillId = request.BackfillId, FullRefresh = request.FullRefresh,
        };
        run = Record(run, jobs);
        await StartWorkflowAsync(run, definition, jobs, cancel);
        return run.RunId;
    }

    /// <summary>Writes a backfill's run into the catalog; its workflow is started as the backfill's child. Repeatable.</summary>
    internal void Record(BackfillRecord backfill, string runId, DataInterval interval)
    {
        var version = pipelines.Get(backfill.Pipeline, backfill.PipelineVersion)
            ?? throw new RunRefusedException(RunRefusal.NotFound, "FF3101", $"There is no pipeline {backfill.Pipeline} version {backfill.PipelineVersion}.");
        var (definition, jobs) = Plan(version, new StartRun(backfill.Pipeline, backfill.JobIds, "backfill", backfill.Parameters));
        Record(new RunRecord
        {
            RunId = runId, Pipeline = version.Name, PipelineVersion = version.Version, Trigger = "backfill", QueuedAt = clock.GetUtcNow(), JobIds = backfill.JobIds,
            Parameters = Parameters(definition, backfill.Parameters), Interval = interval, BackfillId = backfill.BackfillId,
        }, jobs);
    }

    private RunRecord Record(RunRecord run, IReadOnlyList<PlanJob> jobs)
    {
        run = run with { WorkflowId = RunNames.WorkflowId(run.RunId) };
        runs.Create(run);
        RecordJobs(run, jobs);
        return run;
    }

    /// <summary>Adds the jobs that are not there yet; the others stay as they are.</summary>
    private void RecordJobs(RunRecord run, IReadOnlyList<PlanJob> jobs)
    {
        var known = runs.Jobs(run.RunId).Select(j => j.JobId).ToHashSet(StringComparer.Ordinal);
        JobRunRecord[] missing = [.. jobs.Where(j => !known.Contains(j.Id)).Select(j => new JobRunRecord
        {
            RunId = run.RunId, JobId = j.Id, Name = j.Name, Kind = j.Kind, Table = j.Writes, DependsOn = j.DependsOn, Pool = j.Pool,
        })];
        if (missing.Length > 0) runs.UpsertJobs(missing);
    }

    /// <summary>The data interval of a scheduled run that was due at <paramref name="due"/>; null when the newest version has no schedule.</summary>
    public DataInterval? IntervalOf(string pipeline, DateTimeOffset due) => ScheduleOf(pipeline)?.Interval(due) is { } interval ? new DataInterval(interval.Start, interval.End) : null;

    /// <summary>The schedule of the newest version; null when it has none.</summary>
    public Pipelines.ScheduleDefinition? ScheduleOf(string pipeline) => pipelines.Get(pipeline) is { Deleted: false } version ? reader.Read(version).Definition?.Schedule : null;

    /// <summary>Asks an open run to stop: running jobs are cancelled, nothing new starts, what was published stays.</summary>
    public async Task CancelAsync(string runId, CancellationToken cancel)
    {
        var run = runs.Get(runId) ?? throw Unknown(runId);
        if (run.State.IsFinal()) throw new RunRefusedException(RunRefusal.Conflict, "FF3103", $"{runId} has ended already ({run.State.ToText()}).");
        var client = await temporal.GetAsync(cancel);
        try
        {
            await client.GetHandle(RunNames.WorkflowId(runId)).CancelAsync("cancelled by a person", cancel);
        }
        catch (WorkflowNotFoundException)
        {
            var now = clock.GetUtcNow();
            foreach (var job in runs.Jobs(runId).Where(j => !j.State.IsFinal())) runs.UpsertJob(job with { State = RunState.Cancelled, FinishedAt = now, Phase = null });
            runs.SetState(runId, RunState.Cancelled, null, now);
        }
    }

    /// <summary>
    /// Runs again the jobs of an ended run that did not succeed: the same run goes on where its history is kept and nothing has changed since (<see cref="RunReset"/>), else a new run
    /// does them.
    /// </summary>
    /// <returns>The run to watch: the same id, or a new one whose <c>RetryOf</c> is the old.</returns>
    public async Task<string> RetryAsync(string runId, CancellationToken cancel)
    {
        // One at a time: two that come together would do the same jobs twice.
        await _retrying.WaitAsync(cancel);
        try
        {
            return await RetryAloneAsync(runId, cancel);
        }
        finally
        {
            _retrying.Release();
        }
    }

    private async Task<string> RetryAloneAsync(string runId, CancellationToken cancel)
    {
        var run = runs.Get(runId) ?? throw Unknown(runId);
        if (!run.State.IsFinal()) throw new RunRefusedException(RunRefusal.Conflict, "FF3104", $"{runId} is still {run.State.ToText()}.", "Wait for its end, or cancel it first.");
        var family = runs.Family(runId);
        if (family.FirstOrDefault(r => !r.State.IsFinal()) is { } other) throw new RunRefusedException(RunRefusal.Conflict, "FF3104", $"{runId} is being retried by {other.RunId}.", "Look at that run, or cancel it first.");
        // What another try of the same work has done since is done.
        var done = family.Where(r => r.QueuedAt >= run.QueuedAt).SelectMany(r => runs.Jobs(r.RunId)).Where(j => j.State == RunState.Succeeded).Select(j => j.JobId).ToHashSet(StringComparer.Ordinal);
        var left = runs.Jobs(runId).Where(j => !done.Contains(j.JobId)).Select(j => j.JobId).ToArray();
        if (left.Length == 0)
            throw new RunRefusedException(RunRefusal.Conflict, "FF3105", $"Every job of {runId} succeeded{(family.Count > 1 && runs.Jobs(runId).Any(j => j.State != RunState.Succeeded) ? ", here or in a retry" : "")}: there is nothing to retry.", "Start a new run instead.");
        if (await reset.TryAsync(run, cancel) is not { } obstacle) return runId;
        logger.LogInformation("{RunId} is retried as a new run: {Reason}", runId, obstacle);
        var parameters = run.Parameters.Where(p => p.Key != RunNames.ReplayParameter).ToDictionary();
        return await StartAsync(new StartRun(run.Pipeline, left, "retry", parameters, RetryOf: runId, Interval: run.Interval, BackfillId: run.BackfillId, FullRefresh: run.FullRefresh) { Replay = ReplayOf(run) }, cancel);
    }

    public void Dispose() => _retrying.Dispose();

    /// <summary>Holds a run: what runs goes on, nothing new starts until <see cref="ResumeAsync"/>.</summary>
    /// <remarks>The signal is in the workflow's history before the catalog shows it; <see cref="RunReconciler"/> mends a crash between the two.</remarks>
    public async Task PauseAsync(string runId, CancellationToken cancel)
    {
        await SignalAsync(runId, RunNames.PauseSignal, cancel);
        runs.SetPaused(runId, true);
    }

    /// <summary>Lets a held run go on; no effect on one that is not held.</summary>
    public async Task ResumeAsync(string runId, CancellationToken cancel)
    {
        await SignalAsync(runId, RunNames.ResumeSignal, cancel);
        runs.SetPaused(runId, false);
    }

    /// <summary>Starts the workflow of a recorded run by what was recorded: its version of the pipeline, its jobs. Does nothing when it is there already.</summary>
    internal async Task StartWorkflowAsync(RunRecord run, CancellationToken cancel)
    {
        var version = pipelines.Get(run.Pipeline, run.PipelineVersion)
            ?? throw new RunRefusedException(RunRefusal.NotFound, "FF3101", $"There is no pipeline {run.Pipeline} version {run.PipelineVersion}.");
        var (definition, jobs) = Plan(version, new StartRun(run.Pipeline, run.JobIds, run.Trigger, run.Parameters, run.PipelineVersion));
        await StartWorkflowAsync(run, definition, jobs, cancel);
    }

    private async Task StartWorkflowAsync(RunRecord run, PipelineDefinition definition, IReadOnlyList<PlanJob> jobs, CancellationToken cancel)
    {
        RecordJobs(run, jobs); // a crash may have come between the run's record and theirs
        var client = await temporal.GetAsync(cancel);
        var input = new RunInput(run.RunId, run.Pipeline, run.PipelineVersion, definition.MaxParallelJobs, Steps(jobs), Attempts: definition.RunRetry.Attempts, RetryDelay: definition.RunRetry.Delay);
        try
        {
            var handle = await client.StartWorkflowAsync(RunNames.Workflow, input, new StartWorkflowOptions
            {
                Id = RunNames.WorkflowId(run.RunId), TaskQueue = RunNames.TaskQueue, RequestId = run.RunId, Summary = $"{run.Pipeline} ({run.Trigger})",
                IdReusePolicy = Temporalio.Api.Enums.V1.WorkflowIdReusePolicy.RejectDuplicate,
            }, cancel);
            runs.SetWorkflow(run.RunId, handle.Id, handle.RunId);
        }
        catch (WorkflowAlreadyStartedException started)
        {
            runs.SetWorkflow(run.RunId, started.WorkflowId, started.RunId);
        }
    }

    internal static RunStep[] Steps(IReadOnlyList<PlanJob> jobs) => [.. jobs.Select(j => new RunStep(j.Id, j.Name, j.Kind, j.DependsOn, j.Writes, j.Pool))];

    internal (PipelineDefinition Definition, IReadOnlyList<PlanJob> Jobs) Plan(PipelineVersion version, StartRun request)
    {
        var reading = reader.Read(version);
        if (!reading.IsValid)
        {
            throw new RunRefusedException(RunRefusal.Invalid, "FF3102", $"Pipeline {version.Name} version {version.Version} has errors.",
                "Mend what the diagnostics name.", reading.Diagnostics);
        }
        var unknown = request.JobIds.Where(id => reading.Plan.Jobs.All(j => j.Id != id)).ToArray();
        if (unknown.Length > 0)
        {
            throw new RunRefusedException(RunRefusal.NotFound, "FF3106", $"Pipeline {version.Name} has no job {string.Join(", ", unknown)}.",
                $"Its jobs: {string.Join(", ", reading.Plan.Jobs.Select(j => j.Id))}.");
        }
        return (reading.Definition!, request.JobIds.Count == 0 ? reading.Plan.Jobs : reading.Plan.Select(request.JobIds).Jobs);
    }

    private async Task ApplyOverlapAsync(PipelineDefinition definition, CancellationToken cancel)
    {
        var open = overlap.Open(definition.Name);
        if (open.Count < (definition.MaxActiveRuns ?? 1)) return;
        if (definition.OnOverlap == OverlapPolicy.Skip)
        {
            throw new RunRefusedException(RunRefusal.Conflict, "FF3107", open.Count == 1 ? $"{open[0].RunId} of pipeline {definition.Name} is still {open[0].State.ToText()}." : $"{open.Count} runs of pipeline {definition.Name} are still open, as many as may be.",
                "Wait for its end, cancel it, or set on_overlap to buffer, allow or cancel.");
        }
        if (definition.OnOverlap == OverlapPolicy.Cancel)
            foreach (var run in open.Take(open.Count - (definition.MaxActiveRuns ?? 1) + 1)) await CancelIfOpenAsync(run.RunId, cancel);
    }

    private async Task CancelIfOpenAsync(string runId, CancellationToken cancel)
    {
        try
        {
            await CancelAsync(runId, cancel);
        }
        catch (RunRefusedException refused) when (refused.Code == "FF3103")
        {
            // It ended by itself in the meantime.
        }
    }

    private static DataInterval? IntervalOf(PipelineDefinition definition, StartRun request, DateTimeOffset now)
    {
        if (request.Interval is { } given)
        {
            return given.Start < given.End ? given
                : throw new RunRefusedException(RunRefusal.Invalid, "FF3109", $"The data interval ends ({given.End:O}) before it starts ({given.Start:O}).", "Give a start before the end.");
        }
        if (definition.Schedule is { } schedule && NextRuns.Before(schedule, now.AddTicks(1)) is { } last && schedule.Interval(last) is { } whole) return new DataInterval(whole.Start, whole.End);
        return Placeholders.NeedsInterval(definition)
            ? throw new RunRefusedException(RunRefusal.Invalid, "FF3110", $"Pipeline {definition.Name} reads its data interval, and this run has none.",
                "Give the run a start and an end, or the pipeline a schedule.")
            : null;
    }

    internal static Dictionary<string, string> Parameters(PipelineDefinition definition, IReadOnlyDictionary<string, string> given)
    {
        var unknown = given.Keys.Except(definition.Parameters.Keys, StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            throw new RunRefusedException(RunRefusal.NotFound, "FF3108", $"Pipeline {definition.Name} has no parameter {string.Join(", ", unknown)}.",
                definition.Parameters.Count == 0 ? "It takes none." : $"Its parameters: {string.Join(", ", definition.Parameters.Keys)}.");
        }
        var merged = definition.Parameters.ToDictionary();
        foreach (var (name, value) in given) merged[name] = value;
        return merged;
    }

    private static Dictionary<string, string> WithReplay(Dictionary<string, string> parameters, RejectChoice? replay)
    {
        if (replay is not null) parameters[RunNames.ReplayParameter] = JsonSerializer.Serialize(replay);
        return parameters;
    }

    /// <summary>The rejects that a run reads again; null for a run that reads its sources.</summary>
    internal static RejectChoice? ReplayOf(RunRecord run) =>
        run.Parameters.TryGetValue(RunNames.ReplayParameter, out var json) ? JsonSerializer.Deserialize<RejectChoice>(json) : null;

    private async Task SignalAsync(string runId, string signal, CancellationToken cancel)
    {
        var run = runs.Get(runId) ?? throw Unknown(runId);
        if (run.State.IsFinal()) throw new RunRefusedException(RunRefusal.Conflict, "FF3103", $"{runId} has ended already ({run.State.ToText()}).");
        try
        {
            await (await temporal.GetAsync(cancel)).GetHandle(RunNames.WorkflowId(runId)).SignalAsync(signal, null, cancel);
        }
        catch (WorkflowNotFoundException)
        {
            throw new RunRefusedException(RunRefusal.Conflict, "FF3103", $"{runId} ends at this moment, or has not started yet.", "Look again in a few seconds.");
        }
    }

    private static RunRefusedException Unknown(string runId) => new(RunRefusal.NotFound, "FF3100", $"There is no run {runId}.");
}
