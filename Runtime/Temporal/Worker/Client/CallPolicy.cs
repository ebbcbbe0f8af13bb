namespace FlowForge.Temporal.Worker;

/// <summary>How long one try of a call may take and for how long it is tried again.</summary>
public sealed record CallPolicy
{
    /// <summary>Null means <see cref="TemporalOptions.CallTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Null means <see cref="TemporalOptions.RetryFor"/>; zero means one try.</summary>
    public TimeSpan? RetryFor { get; init; }

    internal static CallPolicy Once { get; } = new() { RetryFor = TimeSpan.Zero };

    /// <summary>The server answers long polls after at most 60 s.</summary>
    internal static CallPolicy LongPoll { get; } = new() { Timeout = TimeSpan.FromSeconds(70), RetryFor = TimeSpan.Zero };

    /// <summary>For waiting on a run: through any outage, until the caller gives up.</summary>
    internal static CallPolicy PatientPoll { get; } = new() { Timeout = TimeSpan.FromSeconds(70), RetryFor = System.Threading.Timeout.InfiniteTimeSpan };
}
