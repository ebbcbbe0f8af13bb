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
/// <param name="Workers">Pollers on the task queue; 0 while disconnected.</param>
/// <param name="RunningJobs">Activities it executes now.</param>
/// <param name="Slots">Activities it may execute at once.</param>
public sealed record WorkerStatus(string TaskQueue, int Workers, int RunningJobs, int Slots);
