using FlowForge.Catalog;

namespace FlowForge.Orchestration.Workflow;

/// <summary>What a run does next. The decider turns each into one Temporal command.</summary>
public abstract record RunAction
{
    public sealed record Begin(BeginInput Input) : RunAction;

    public sealed record StartJob(JobInput Input, string? Pool = null) : RunAction;

    /// <summary>Waits before what did not succeed is tried again.</summary>
    public sealed record WaitForRetry(NoteInput Note) : RunAction;

    /// <summary>Asks a running activity to stop.</summary>
    public sealed record StopStep(string ActivityId) : RunAction;

    public sealed record Finish(FinishInput Input) : RunAction;

    /// <summary>Closes the workflow.</summary>
    public sealed record Close(RunState State, RunError? Error) : RunAction;
}

/// <summary>
/// The rules of a run as a pure function: begin, then every job whose inputs are there, references first by the plan's dependencies; when a
/// job fails, independent jobs finish and its dependants are skipped with the reason; a run that may be tried again waits, then does what did not succeed; at the end the catalog is told and the workflow closes.
/// </summary>
public static class RunRules
{
    public static IReadOnlyList<RunAction> Next(RunFacts facts)
    {
        if (facts.Finish.IsClosed) return [Close(facts)];
        if (facts.Finish.Phase == StepPhase.Running) return [];

        if (facts.Begin.Phase == StepPhase.NotScheduled)
            return facts.CancelRequested ? [Finish(facts)] : [new RunAction.Begin(new BeginInput(facts.Input.RunId))];
        if (!facts.Begin.IsClosed)
            return facts is { CancelRequested: true, Begin.CancelRequested: false } ? [new RunAction.StopStep(RunNames.BeginId)] : [];
        if (facts.Begin.Phase != StepPhase.Succeeded) return [Finish(facts)];

        var running = facts.Input.Steps.Where(s => facts.Job(s.JobId).Phase == StepPhase.Running).ToArray();
        if (facts.CancelRequested)
        {
            return running.Length == 0
                ? [Finish(facts)]
                : [.. running.Where(s => !facts.Job(s.JobId).CancelRequested).Select(s => new RunAction.StopStep(s.JobId))];
        }

        var states = States(facts);
        if (states.Values.All(s => s.State is not (RunState.Queued or RunState.Running)))
        {
            var (state, error) = Outcome(facts, [.. states.Values]);
            if (state != RunState.Failed || facts.Round + 1 >= facts.Input.Attempts) return [Finish(facts)];
            return facts.WaitsForRetry ? [] : [new RunAction.WaitForRetry(new NoteInput(facts.Input.RunId, facts.Round + 1, facts.Input.Attempts, facts.Input.RetryDelay, error))];
        }
        if (facts.Paused) return [];

        var free = Math.Max(1, facts.Input.MaxParallelJobs) - running.Length;
        return [.. facts.Input.Steps
            .Where(s => facts.Job(s.JobId).Phase == StepPhase.NotScheduled && states[s.JobId].State == RunState.Queued)
            .Where(s => s.DependsOn.All(d => states[d].State == RunState.Succeeded))
            .Take(Math.Max(0, free))
            .Select(s => new RunAction.StartJob(new JobInput(facts.Input.RunId, s.JobId, facts.Begin.Result!.RunTime, Pins(facts), facts.RoundStarted), s.Pool))];
    }

    /// <summary>State of every job; a job of which an input failed is skipped with the reason.</summary>
    public static IReadOnlyDictionary<string, FinishedJob> States(RunFacts facts)
    {
        var states = new Dictionary<string, FinishedJob>(StringComparer.Ordinal);
        foreach (var step in facts.Input.Steps) // in the plan's order: what a step depends on comes before it
        {
            var fact = facts.Job(step.JobId);
            states[step.JobId] = fact.Phase switch
            {
                StepPhase.Running => new(step.JobId, RunState.Running, null),
                StepPhase.Succeeded => new(step.JobId, RunState.Succeeded, null),
                StepPhase.Failed => new(step.JobId, fact.Error?.Code == RunHeld.Code ? RunState.Held : RunState.Failed, fact.Error),
                StepPhase.Cancelled => new(step.JobId, RunState.Cancelled, fact.Error),
                _ when Blocker(step, states) is { } blocker => new(step.JobId, RunState.Skipped, SkippedBecause(blocker)),
                _ => new(step.JobId, RunState.Queued, null),
            };
        }
        return states;
    }

    private static FinishedJob? Blocker(RunStep step, Dictionary<string, FinishedJob> states) =>
        step.DependsOn.Select(d => states[d]).FirstOrDefault(s => s.State is RunState.Failed or RunState.Skipped or RunState.Cancelled or RunState.Held);

    private static RunError SkippedBecause(FinishedJob blocker) => new(
        "FF3004", $"Skipped, because {blocker.JobId}, on which it depends, {Verb(blocker.State)}.", blocker.State == RunState.Held ? "Approve or reject what is held, then retry the run." : $"Mend {blocker.JobId}, then retry the run: only what did not succeed runs again.");

    private static string Verb(RunState state) => state switch
    {
        RunState.Failed => "failed",
        RunState.Cancelled => "was cancelled",
        RunState.Held => "is held",
        _ => "was skipped",
    };

    private static Dictionary<string, long> Pins(RunFacts facts)
    {
        var pins = new Dictionary<string, long>(facts.Begin.Result!.InputVersions, StringComparer.Ordinal);
        foreach (var step in facts.Input.Steps)
        {
            if (facts.Job(step.JobId).Result is { Table: { } table, TableVersion: { } version }) pins[table] = version;
            foreach (var (made, at) in facts.Job(step.JobId).Result?.Tables ?? new Dictionary<string, long>()) pins[made] = at;
        }
        return pins;
    }

    private static RunAction.Finish Finish(RunFacts facts)
    {
        var jobs = States(facts).Values
            .Select(j => j.State is RunState.Queued or RunState.Running ? j with { State = RunState.Cancelled } : j).ToArray();
        var (state, error) = Outcome(facts, jobs);
        return new(new FinishInput(facts.Input.RunId, state, error, jobs));
    }

    private static RunAction.Close Close(RunFacts facts)
    {
        var (state, error) = Outcome(facts, [.. States(facts).Values]);
        return new(state, error);
    }

    /// <summary>
    /// A run fails when a job failed, even if it was cancelled afterwards; it counts as cancelled only when that kept a job from succeeding.
    /// </summary>
    private static (RunState State, RunError? Error) Outcome(RunFacts facts, IReadOnlyList<FinishedJob> jobs)
    {
        if (facts.Begin.Phase == StepPhase.Failed && !facts.CancelRequested) return (RunState.Failed, facts.Begin.Error);
        var failed = jobs.Where(j => j.State == RunState.Failed).ToArray();
        if (failed.Length > 0)
        {
            var first = failed[0];
            var message = failed.Length == 1
                ? $"{first.JobId} failed: {first.Error?.Message}"
                : $"{failed.Length} jobs failed: {string.Join(", ", failed.Select(f => f.JobId))}. The first says: {first.Error?.Message}";
            return (RunState.Failed, new RunError(first.Error?.Code ?? "FF3000", message, first.Error?.Suggestion));
        }
        if (jobs.FirstOrDefault(j => j.State == RunState.Held) is { } held) return (RunState.Held, new RunError(RunHeld.Code, $"{held.JobId} is held: {held.Error?.Message}", held.Error?.Suggestion));
        return jobs.All(j => j.State == RunState.Succeeded)
            ? (RunState.Succeeded, null)
            : (RunState.Cancelled, null);
    }
}
