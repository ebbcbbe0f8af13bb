using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

#pragma warning disable CA1710 // "Failure" is Temporal's word for what travels; "Exception" is only how C# carries it

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Base of what travels as a Temporal <c>Failure</c>. Reading one gives these types, with <see cref="Exception.InnerException"/> as the cause;
/// <see cref="RemoteStackTrace"/> is the stack where it happened, perhaps in another language.
/// </summary>
public abstract class TemporalFailure(string message, Exception? inner) : Exception(message, inner)
{
    public string? RemoteStackTrace { get; internal init; }

    /// <summary>Which SDK wrote it, for example <c>TypeScriptSDK</c>; null for failures made here.</summary>
    public string? FailureSource { get; internal init; }
}

/// <summary>A failure with a name, thrown by activities and deciders to say how it is to be handled.</summary>
public sealed class ApplicationFailure(string message, string? type = null, bool nonRetryable = false, Exception? inner = null)
    : TemporalFailure(message, inner)
{
    /// <summary>What retry policies match in their list of non-retryable types; may be empty.</summary>
    public string Type { get; } = type ?? "";

    /// <summary>True ends the retries whatever the policy says.</summary>
    public bool NonRetryable { get; } = nonRetryable;

    /// <summary>Overrides the policy's interval before the next attempt.</summary>
    public TimeSpan? NextRetryDelay { get; init; }

    /// <summary>One value (or <see cref="Arguments"/>) that travels with the failure; read it with <see cref="DetailsAs{T}"/>.</summary>
    public object? Details { get; init; }

    internal PayloadConverter Converter { get; init; } = PayloadConverter.Default;

    /// <summary>Detail number <paramref name="index"/> of a failure that was received, or the default when there are fewer.</summary>
    public T? DetailsAs<T>(int index = 0) => Converter.FromPayloads<T>(Converter.ToPayloads(Details), index);
}

/// <summary>An activity or workflow ended because its cancellation was asked for.</summary>
public sealed class CancelledFailure(string message, Payloads? details = null, Exception? inner = null) : TemporalFailure(message, inner)
{
    public Payloads? Details { get; } = details;
}

/// <summary>One of the four activity timeouts, or a workflow's, ran out.</summary>
public sealed class TimeoutFailure(string message, TimeoutType type, Payloads? lastHeartbeat = null, Exception? inner = null) : TemporalFailure(message, inner)
{
    public TimeoutType Type { get; } = type;

    /// <summary>Details of the last heartbeat before the timeout, if the server had one.</summary>
    public Payloads? LastHeartbeat { get; } = lastHeartbeat;
}

/// <summary>A workflow was terminated.</summary>
public sealed class TerminatedFailure(string message, Exception? inner = null) : TemporalFailure(message, inner);

/// <summary>The server itself failed something.</summary>
public sealed class ServerFailure(string message, bool nonRetryable, Exception? inner = null) : TemporalFailure(message, inner)
{
    public bool NonRetryable { get; } = nonRetryable;
}

/// <summary>An activity failed for good; the cause says why.</summary>
public sealed class ActivityFailure(string message, string activityId, string activityType, RetryState retryState, Exception? inner) : TemporalFailure(message, inner)
{
    public string ActivityId { get; } = activityId;

    public string ActivityType { get; } = activityType;

    /// <summary>Why it was not tried again.</summary>
    public RetryState RetryState { get; } = retryState;
}

/// <summary>A child workflow failed; the cause says why.</summary>
public sealed class ChildWorkflowFailure(string message, string workflowId, string workflowType, RetryState retryState, Exception? inner) : TemporalFailure(message, inner)
{
    public string WorkflowId { get; } = workflowId;

    public string WorkflowType { get; } = workflowType;

    public RetryState RetryState { get; } = retryState;
}
