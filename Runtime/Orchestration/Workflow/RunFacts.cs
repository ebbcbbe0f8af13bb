using FlowForge.Catalog;

namespace FlowForge.Orchestration.Workflow;

/// <summary>What a workflow's history says of one activity.</summary>
public enum StepPhase { NotScheduled, Running, Succeeded, Failed, Cancelled }

/// <summary>One activity of a run, folded from the history.</summary>
/// <param name="CancelRequested">The run has asked it to stop already.</param>
public sealed record StepFact<TResult>(StepPhase Phase, TResult? Result = default, RunError? Error = null, bool CancelRequested = false)
{
    public static StepFact<TResult> None { get; } = new(StepPhase.NotScheduled);

    public bool IsClosed => Phase is StepPhase.Succeeded or StepPhase.Failed or StepPhase.Cancelled;
}

/// <summary>
/// All that the rules of a run (<see cref="RunRules"/>) look at; a fold of the history and nothing else, so that the same history always
/// leads to the same decision.
/// </summary>
public sealed record RunFacts(
    RunInput Input,
    StepFact<BeginResult> Begin,
    IReadOnlyDictionary<string, StepFact<JobResult>> Jobs,
    StepFact<bool> Finish,
    bool Paused,
    bool CancelRequested)
{
    /// <summary>Tries of the run that have failed and were waited out; jobs that failed in them count as not scheduled.</summary>
    public int Round { get; init; }

    /// <summary>When the present try began, if it is not the first.</summary>
    public DateTimeOffset? RoundStarted { get; init; }

    /// <summary>The wait before the next try is under way.</summary>
    public bool WaitsForRetry { get; init; }

    public StepFact<JobResult> Job(string jobId) => Jobs.GetValueOrDefault(jobId) ?? StepFact<JobResult>.None;
}
