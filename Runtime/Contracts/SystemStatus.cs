namespace FlowForge.Contracts;

/// <summary>The runtime as its operator sees it.</summary>
public sealed record SystemStatus
{
    public required string Version { get; init; }
    /// <summary>.NET version.</summary>
    public required string Framework { get; init; }
    public string? DuckDb { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required double UptimeSeconds { get; init; }
    public required int ProcessId { get; init; }
    /// <summary>Absolute.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where the tables are: a folder, or <c>s3://bucket/prefix</c>.</summary>
    public string Lake { get; init; } = "";
    public required TemporalStatus Temporal { get; init; }
    public required WorkerStatus Worker { get; init; }
    /// <summary>Resident memory of the runtime process, bytes.</summary>
    public required long WorkingSetBytes { get; init; }
    /// <summary>Of that, the managed heap.</summary>
    public required long ManagedBytes { get; init; }
}

/// <summary>Where runs are driven from.</summary>
/// <param name="Embedded">True when the address is the embedded dev server's.</param>
/// <param name="Connected">False while the server cannot be reached: runs wait.</param>
public sealed record TemporalStatus(string Address, string Namespace, bool Embedded, bool Connected);

/// <summary>The runtime's own worker.</summary>
/// <param name="Workers">Processes that ask the task queue for work, as Temporal sees them at this moment; 0 while it does not answer.</param>
/// <param name="RunningJobs">Activities it executes now.</param>
/// <param name="Slots">Activities it may execute at once.</param>
public sealed record WorkerStatus(string TaskQueue, int Workers, int RunningJobs, int Slots);

/// <summary>Workers that share a task queue, as Temporal sees them at this moment, and what is sent to them.</summary>
public sealed record WorkerPool
{
    /// <summary>Null for the runtime's own queue: all decisions, and the jobs that name no pool.</summary>
    public string? Name { get; init; }
    public required string TaskQueue { get; init; }
    /// <summary>Those that asked for work lately, newest first.</summary>
    public required IReadOnlyList<PoolWorker> Workers { get; init; }
    /// <summary>Tasks that nobody has taken yet; null when the Temporal server does not count them.</summary>
    public long? Waiting { get; init; }
    /// <summary>How long the oldest of them has waited; null when none waits.</summary>
    public double? OldestWaitingSeconds { get; init; }
    /// <summary>Newest versions of pipelines that have jobs for it; for the runtime's own queue those that are not sent elsewhere.</summary>
    public required IReadOnlyList<PoolRoute> Routes { get; init; }
}

/// <param name="Identity"><c>pid@machine</c>.</param>
/// <param name="LastAskedAt">Null when the server does not say.</param>
public sealed record PoolWorker(string Identity, DateTimeOffset? LastAskedAt);

/// <param name="Jobs">Ids, <c>ingest.flights</c>.</param>
public sealed record PoolRoute(string Pipeline, IReadOnlyList<string> Jobs);

/// <summary>How long the runtime keeps what grows with each run.</summary>
public sealed record RetentionStatus
{
    /// <summary>Runs that ended longer ago are removed; null keeps them for ever.</summary>
    public int? RunDays { get; init; }
    /// <summary>Logs of runs that ended longer ago are removed; null keeps them as long as their runs.</summary>
    public int? LogDays { get; init; }
    /// <summary>So many of its newest runs each pipeline keeps, however old.</summary>
    public required int RunsPerPipeline { get; init; }
    /// <summary>Null when everything is kept for ever.</summary>
    public DateTimeOffset? NextSweepAt { get; init; }
    /// <summary>Null before the first one.</summary>
    public RetentionSweep? LastSweep { get; init; }
}

/// <summary>One removal of old runs and logs.</summary>
/// <param name="At">When it began.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Runs">Runs that were removed, with all that belonged to them.</param>
/// <param name="LogLines">Lines that were removed, of these and of other runs.</param>
public sealed record RetentionSweep(DateTimeOffset At, double Seconds, long Runs, long LogLines);
