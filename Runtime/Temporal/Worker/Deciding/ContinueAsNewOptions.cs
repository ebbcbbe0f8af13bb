namespace FlowForge.Temporal.Worker;

/// <summary>What changes in the run that continues this one; what is null stays as it is.</summary>
public sealed record ContinueAsNewOptions
{
    public string? WorkflowType { get; init; }

    public string? TaskQueue { get; init; }

    public TimeSpan? RunTimeout { get; init; }

    public TimeSpan? TaskTimeout { get; init; }

    public RetryOptions? Retry { get; init; }

    public IReadOnlyDictionary<string, object?>? Memo { get; init; }

    public IReadOnlyDictionary<string, SearchAttribute>? SearchAttributes { get; init; }
}
