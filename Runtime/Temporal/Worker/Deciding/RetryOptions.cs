using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>When a failed activity or workflow is tried again. The server carries it out, so it outlives this process.</summary>
public sealed record RetryOptions
{
    /// <summary>One attempt only.</summary>
    public static RetryOptions None { get; } = new() { MaximumAttempts = 1 };

    /// <summary>Before the second attempt.</summary>
    public TimeSpan InitialInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Each further interval is this many times the one before; at least 1.</summary>
    public double BackoffCoefficient { get; init; } = 2;

    /// <summary>Null means 100 times <see cref="InitialInterval"/>.</summary>
    public TimeSpan? MaximumInterval { get; init; }

    /// <summary>0 means no limit but the timeouts.</summary>
    public int MaximumAttempts { get; init; }

    /// <summary>Types of <see cref="ApplicationFailure"/> that end the retries.</summary>
    public IReadOnlyList<string> NonRetryableErrorTypes { get; init; } = [];

    internal RetryPolicy ToWire()
    {
        var policy = new RetryPolicy
        {
            InitialInterval = Duration.FromTimeSpan(InitialInterval),
            BackoffCoefficient = BackoffCoefficient,
            MaximumInterval = MaximumInterval is { } maximum ? Duration.FromTimeSpan(maximum) : null,
            MaximumAttempts = MaximumAttempts,
        };
        policy.NonRetryableErrorTypes.AddRange(NonRetryableErrorTypes);
        return policy;
    }
}
