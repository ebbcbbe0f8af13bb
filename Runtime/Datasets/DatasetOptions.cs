namespace FlowForge.Datasets;

/// <summary>What one dataset job may use of the host.</summary>
public sealed record DatasetOptions
{
    /// <summary>DuckDB's memory; beyond it, it spills.</summary>
    public long MemoryLimitBytes { get; init; } = 1L << 30;

    /// <summary>DuckDB's threads; null: all cores.</summary>
    public int? Threads { get; init; }

    /// <summary>Where to spill; each job gets a folder of its own in it, which goes with the job.</summary>
    public string SpillFolder { get; init; } = Path.Combine(Path.GetTempPath(), "flowforge-spill");

    /// <summary>Compression of the files.</summary>
    public string Compression { get; init; } = "zstd";
}
