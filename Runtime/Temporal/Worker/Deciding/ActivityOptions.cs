namespace FlowForge.Temporal.Worker;

/// <summary>How an activity is run. At least one of <see cref="StartToClose"/> and <see cref="ScheduleToClose"/> must be set.</summary>
public sealed record ActivityOptions
{
    /// <summary>Null means the workflow's own task queue.</summary>
    public string? TaskQueue { get; init; }

    /// <summary>One attempt, from start to end.</summary>
    public TimeSpan? StartToClose { get; init; }

    /// <summary>All attempts together, waiting included.</summary>
    public TimeSpan? ScheduleToClose { get; init; }

    /// <summary>How long it may wait for a worker; not retried when it runs out.</summary>
    public TimeSpan? ScheduleToStart { get; init; }

    /// <summary>The longest silence before a worker counts as dead and the activity is tried again.</summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>Null leaves it to the server's default: unlimited attempts from 1 s, doubling to 100 s.</summary>
    public RetryOptions? Retry { get; init; }

    /// <summary>One line for people who look at the history.</summary>
    public string? Summary { get; init; }
}
