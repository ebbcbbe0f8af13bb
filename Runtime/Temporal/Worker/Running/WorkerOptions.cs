using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlowForge.Temporal.Worker;

/// <summary>Where a worker takes its work from and how much of it at once.</summary>
public sealed record WorkerOptions
{
    public required string TaskQueue { get; init; }

    /// <summary>Activities that run at once. No more are taken from the server, so the rest waits there, for any worker.</summary>
    public int MaxConcurrentActivities { get; init; } = 100;

    public int MaxConcurrentWorkflowTasks { get; init; } = 100;

    /// <summary>Long polls held open for each kind of task; never more than its slots.</summary>
    public int Pollers { get; init; } = 4;

    /// <summary>Who this is, in histories; null means the client's.</summary>
    public string? Identity { get; init; }

    /// <summary>How long running activities may finish by themselves once the worker stops. Then their tokens are cancelled.</summary>
    public TimeSpan GracefulShutdown { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a cancelled activity may take to end before it is reported as failed without it.</summary>
    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause between heartbeats of an activity that has a heartbeat timeout; a third of that timeout when it is shorter. Bounds how late a cancel request is seen.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// True: the worker beats for an activity with a heartbeat timeout as long as its function runs, so the timeout finds dead processes, not functions that hang.
    /// False: only calls of <see cref="ActivityContext.Heartbeat"/> count, as in the official SDKs.
    /// </summary>
    public bool AutoHeartbeat { get; init; } = true;

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}
