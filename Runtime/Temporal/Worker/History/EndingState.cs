using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>What an activity and a child workflow have in common: each ends once, with a result or with a failure.</summary>
public abstract class EndingState
{
    private protected EndingState(PayloadConverter converter) => Converter = converter;

    /// <summary>Null while it is open.</summary>
    public DateTimeOffset? ClosedTime { get; private protected set; }

    /// <summary>Why it failed or timed out; null otherwise.</summary>
    public Failure? Failure { get; private protected set; }

    /// <summary>Why it was not retried; meaningful when failed or timed out.</summary>
    public RetryState RetryState { get; private protected set; }

    /// <summary><see cref="Failure"/> as an exception with its causes; null when there is none.</summary>
    public TemporalFailure? Error => Failure is null ? null : new FailureConverter(Converter).ToException(Failure);

    internal Payloads? ResultPayloads { get; private protected set; }

    private protected PayloadConverter Converter { get; }

    /// <summary>What it completed with; the default when that was nothing, or when it is not completed.</summary>
    public T? Result<T>() => Converter.FromPayloads<T>(ResultPayloads);
}
