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

    /// <summary>For tests that lose rows.</summary>
    internal DatasetTaps Taps { get; init; } = new();
}

/// <summary>What becomes of the SQL of a dataset's rows between two steps: where tests lose rows, to see that it is told.</summary>
internal sealed record DatasetTaps
{
    /// <summary>A SELECT of the rows, between the dataset's SQL and the place where they are kept.</summary>
    public Func<string, string> Made { get; init; } = static select => select;

    /// <summary>A SELECT of the rows that checks have left.</summary>
    public Func<string, string> Checked { get; init; } = static select => select;

    /// <summary>A SELECT of the rows that are merged into the table.</summary>
    public Func<string, string> Merged { get; init; } = static select => select;
}
