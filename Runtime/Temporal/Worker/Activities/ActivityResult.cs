namespace FlowForge.Temporal.Worker;

/// <summary>Results with a meaning of their own.</summary>
public static class ActivityResult
{
    /// <summary>
    /// Returned by a function whose activity goes on elsewhere. It ends when someone reports it through
    /// <see cref="TemporalClient.GetActivity(ReadOnlyMemory{byte})"/> with <see cref="ActivityTask.TaskToken"/>, or when it times out.
    /// </summary>
    public static object Later { get; } = new();
}
