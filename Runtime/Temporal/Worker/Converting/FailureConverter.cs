using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Failure.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Exceptions to Temporal failures and back. Pure and thread-safe.</summary>
public sealed class FailureConverter(PayloadConverter payloads)
{
    private const string Source = "FlowForge";

    /// <summary>
    /// Any exception as a failure. One that is no <see cref="TemporalFailure"/> becomes an application failure whose type is the
    /// exception's class name (<c>IOException</c>), as in the official SDKs, so retry policies can name it.
    /// </summary>
    public Failure ToFailure(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var failure = new Failure { Message = exception.Message, Source = Source, StackTrace = exception.StackTrace ?? "" };
        if (exception.InnerException is { } inner)
        {
            failure.Cause = ToFailure(inner);
        }
        switch (exception)
        {
            case ApplicationFailure a:
                failure.ApplicationFailureInfo = new ApplicationFailureInfo
                {
                    Type = a.Type,
                    NonRetryable = a.NonRetryable,
                    Details = payloads.ToPayloads(a.Details),
                    NextRetryDelay = a.NextRetryDelay is { } delay ? Duration.FromTimeSpan(delay) : null,
                };
                break;
            case CancelledFailure c:
                failure.CanceledFailureInfo = new CanceledFailureInfo { Details = c.Details };
                break;
            case OperationCanceledException:
                failure.CanceledFailureInfo = new CanceledFailureInfo();
                break;
            case TimeoutFailure t:
                failure.TimeoutFailureInfo = new TimeoutFailureInfo { TimeoutType = t.Type, LastHeartbeatDetails = t.LastHeartbeat };
                break;
            case TerminatedFailure:
                failure.TerminatedFailureInfo = new TerminatedFailureInfo();
                break;
            case ServerFailure s:
                failure.ServerFailureInfo = new ServerFailureInfo { NonRetryable = s.NonRetryable };
                break;
            case ActivityFailure a:
                failure.ActivityFailureInfo = new ActivityFailureInfo
                {
                    ActivityId = a.ActivityId,
                    ActivityType = new() { Name = a.ActivityType },
                    RetryState = a.RetryState,
                };
                break;
            case ChildWorkflowFailure c:
                failure.ChildWorkflowExecutionFailureInfo = new ChildWorkflowExecutionFailureInfo
                {
                    WorkflowExecution = new() { WorkflowId = c.WorkflowId },
                    WorkflowType = new() { Name = c.WorkflowType },
                    RetryState = c.RetryState,
                };
                break;
            default:
                failure.ApplicationFailureInfo = new ApplicationFailureInfo { Type = exception.GetType().Name };
                break;
        }
        return failure;
    }

    /// <summary>A failure as the exception of its kind; unknown kinds become an <see cref="ApplicationFailure"/>.</summary>
    public TemporalFailure ToException(Failure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var (message, stack) = Texts(failure);
        var source = failure.Source.Length > 0 ? failure.Source : null;
        var cause = failure.Cause is null ? null : ToException(failure.Cause);
        return failure.FailureInfoCase switch
        {
            Failure.FailureInfoOneofCase.CanceledFailureInfo =>
                new CancelledFailure(message, failure.CanceledFailureInfo.Details, cause) { RemoteStackTrace = stack, FailureSource = source },
            Failure.FailureInfoOneofCase.TimeoutFailureInfo =>
                new TimeoutFailure(message, failure.TimeoutFailureInfo.TimeoutType, failure.TimeoutFailureInfo.LastHeartbeatDetails, cause) { RemoteStackTrace = stack, FailureSource = source },
            Failure.FailureInfoOneofCase.TerminatedFailureInfo =>
                new TerminatedFailure(message, cause) { RemoteStackTrace = stack, FailureSource = source },
            Failure.FailureInfoOneofCase.ServerFailureInfo =>
                new ServerFailure(message, failure.ServerFailureInfo.NonRetryable, cause) { RemoteStackTrace = stack, FailureSource = source },
            Failure.FailureInfoOneofCase.ActivityFailureInfo =>
                new ActivityFailure(message, failure.ActivityFailureInfo.ActivityId, failure.ActivityFailureInfo.ActivityType?.Name ?? "", failure.ActivityFailureInfo.RetryState, cause)
                { RemoteStackTrace = stack, FailureSource = source },
            Failure.FailureInfoOneofCase.ChildWorkflowExecutionFailureInfo =>
                new ChildWorkflowFailure(message, failure.ChildWorkflowExecutionFailureInfo.WorkflowExecution?.WorkflowId ?? "",
                    failure.ChildWorkflowExecutionFailureInfo.WorkflowType?.Name ?? "", failure.ChildWorkflowExecutionFailureInfo.RetryState, cause)
                { RemoteStackTrace = stack, FailureSource = source },
            _ => Application(failure, message, stack, source, cause),
        };
    }

    private ApplicationFailure Application(Failure failure, string message, string? stack, string? source, Exception? cause)
    {
        var info = failure.ApplicationFailureInfo ?? new ApplicationFailureInfo();
        return new ApplicationFailure(message, info.Type, info.NonRetryable, cause)
        {
            Details = info.Details,
            NextRetryDelay = info.NextRetryDelay?.ToTimeSpan(),
            Converter = payloads,
            RemoteStackTrace = stack,
            FailureSource = source,
        };
    }

    /// <summary>SDKs may hide message and stack in an encoded payload, so that a codec can encrypt them.</summary>
    private (string Message, string? Stack) Texts(Failure failure)
    {
        if (failure.EncodedAttributes is { } encoded && payloads.FromPayload<JsonObject>(encoded) is { } attributes)
        {
            return ((string?)attributes["message"] ?? failure.Message, (string?)attributes["stack_trace"]);
        }
        return (failure.Message, failure.StackTrace.Length > 0 ? failure.StackTrace : null);
    }
}
