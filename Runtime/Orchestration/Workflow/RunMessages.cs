using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Workflow;

/// <summary>Names on the wire. They are in the histories of open runs: never change one, add another.</summary>
public static class RunNames
{
    public const string TaskQueue = "flowforge";
    public const string Workflow = "flowforge.pipeline";
    public const string BeginActivity = "flowforge.begin_run";
    public const string JobActivity = "flowforge.run_job";
    public const string FinishActivity = "flowforge.finish_run";
    public const string NoteActivity = "flowforge.note_run";
    public const string ScheduledStart = "flowforge.scheduled_start";
    public const string ScheduledStartActivity = "flowforge.start_run";

    /// <summary>Activity ids of the two steps that are not jobs; a job's activity id is its job id, which always has a dot.</summary>
    public const string BeginId = "begin";
    public const string FinishId = "finish";

    public const string PauseSignal = "pause";
    public const string ResumeSignal = "resume";
    public const string StateQuery = "state";

    /// <summary>Parameter of a run that reads rejects again; no pipeline can declare a name with a dot.</summary>
    public const string ReplayParameter = "replay.rejects";

    /// <summary>Timer before try number <paramref name="round"/> + 1 of a run.</summary>
    public static string RetryTimer(int round) => "retry." + round;

    public static string NoteId(int round) => "note." + round;

    /// <summary>The task queue of a worker pool; the runtime's own for null.</summary>
    public static string QueueOf(string? pool) => pool is null ? TaskQueue : TaskQueue + "-" + pool;

    /// <summary>Workflow id of a run.</summary>
    public static string WorkflowId(string runId) => "run/" + runId;
}

/// <summary>
/// Start payload of a run: the plan travels with it, so that a run goes on as planned when the pipeline or this program changes.
/// </summary>
/// <param name="Attempts">Tries of the whole run; what did not succeed is tried again after <paramref name="RetryDelay"/>.</param>
/// <param name="DeciderVersion">Version of the decider's rules that this run follows; 1 until a change needs another.</param>
public sealed record RunInput(
    string RunId, string Pipeline, int PipelineVersion, int MaxParallelJobs, IReadOnlyList<RunStep> Steps, int DeciderVersion = 1,
    int Attempts = 1, TimeSpan RetryDelay = default);

/// <summary>One job of the plan.</summary>
/// <param name="JobId"><c>ingest.flights</c>.</param>
/// <param name="DependsOn">Job ids within this run.</param>
/// <param name="Writes">The table that it makes, with layer; null when it makes none.</param>
/// <param name="Pool">The worker pool that executes it; null for the runtime itself.</param>
public sealed record RunStep(string JobId, string Name, JobKind Kind, IReadOnlyList<string> DependsOn, string? Writes, string? Pool = null);

public sealed record BeginInput(string RunId);

/// <summary>What the beginning of a run fixes for all of its jobs.</summary>
/// <param name="InputVersions">Versions of the tables that the run reads but does not make, as they stood when it began.</param>
public sealed record BeginResult(DateTimeOffset RunTime, IReadOnlyDictionary<string, long> InputVersions);

/// <param name="InputVersions">Pinned versions: those of <see cref="BeginResult"/> and those that this run has committed.</param>
/// <param name="Since">When this try of the run began, if it is not the first: attempts before that do not count against <c>retry.max_attempts</c>.</param>
public sealed record JobInput(string RunId, string JobId, DateTimeOffset RunTime, IReadOnlyDictionary<string, long> InputVersions, DateTimeOffset? Since = null);

/// <summary>A try of a run failed and another one follows.</summary>
/// <param name="Round">The try that failed, from 1.</param>
public sealed record NoteInput(string RunId, int Round, int Attempts, TimeSpan Delay, RunError? Error);

/// <summary>What a job hands to the run: references and counts, never data.</summary>
/// <param name="Tables">Versions of the tables of a job with many.</param>
public sealed record JobResult(RowCounts Counts, string? Table, long? TableVersion, IReadOnlyDictionary<string, long>? Tables = null);

public sealed record FinishInput(string RunId, RunState State, RunError? Error, IReadOnlyList<FinishedJob> Jobs);

/// <summary>How a job ended, as the workflow's history says; the catalog follows it.</summary>
public sealed record FinishedJob(string JobId, RunState State, RunError? Error);

/// <summary>Answer of the query <c>state</c>.</summary>
public sealed record RunStateAnswer(string State, bool Paused, IReadOnlyDictionary<string, string> Jobs);
