namespace FlowForge.Orchestration.Hosting;

/// <summary>How much of the orchestration this process does.</summary>
public sealed record OrchestrationOptions
{
    /// <summary>Jobs of all runs that this process executes at once.</summary>
    public int ParallelJobs { get; init; } = 2;

    /// <summary>Runs of all pipelines that may be at work at once; more wait. Null for no limit.</summary>
    public int? MaxActiveRuns { get; init; }

    /// <summary>
    /// Worker pools that this process serves. With any, it executes the jobs of these pools and does nothing else: no decisions, no other jobs, no schedules, no triggers.
    /// </summary>
    public IReadOnlyList<string> Pools { get; init; } = [];
}
