namespace FlowForge.Duck;

/// <summary>What a host gives to all of DuckDB together, and where it may spill.</summary>
public sealed record DuckBudget
{
    /// <summary>Bytes of buffers for all jobs that run at once. Default: a quarter of the machine, at least 512 MiB, at most 1.5 GiB.</summary>
    public long MemoryBytes { get; init; } = Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 512L << 20, 1536L << 20);

    /// <summary>Threads for all jobs that run at once. Default: the cores.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Jobs that may run at once; each gets an equal share. Default: 2 up to four cores, then half of them.</summary>
    public int ParallelJobs { get; init; } = Math.Max(2, Environment.ProcessorCount / 2);

    /// <summary>Folder under which each database gets a folder of its own, removed with it.</summary>
    public string SpillDirectory { get; init; } = Path.Combine(Path.GetTempPath(), "flowforge-spill");

    /// <summary>Most bytes that one job may spill; null: what the disk has.</summary>
    public long? SpillBytes { get; init; }
}
