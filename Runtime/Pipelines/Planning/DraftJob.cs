namespace FlowForge.Pipelines;

/// <summary>A job before it is sorted.</summary>
/// <param name="Line">1-based line of its name.</param>
internal sealed record DraftJob(
    string Id, string Name, JobKind Kind, IReadOnlyList<string> Reads, string? Writes, bool IsReference, int Line)
{
    /// <summary>Names and patterns of a job with many tables.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>True for a dataset that is built in full and reads its own table, which nothing can satisfy.</summary>
    public bool ReadsItself { get; init; }

    public string? Pool { get; init; }

    /// <summary>Where a delivery writes to.</summary>
    public string? Target { get; init; }
}
