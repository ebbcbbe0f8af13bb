using Google.Protobuf;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>How an attempt ended, as the message that says so; null when nothing is to be said.</summary>
internal static class ActivityReports
{
    public static IMessage? Completed(WorkerScope worker, ActivityContext context, object? result)
    {
        if (context.CancelReason == ActivityCancelReason.Gone || ReferenceEquals(result, ActivityResult.Later))
        {
            return null;
        }
        try
        {
            return new RespondActivityTaskCompletedRequest
            {
                Namespace = worker.Client.Namespace,
                TaskToken = context.Task.Raw.TaskToken,
                Result = worker.Client.Converter.ToPayloads(result),
                Identity = worker.Identity,
            };
        }
        catch (Exception e) when (e is NotSupportedException or System.Text.Json.JsonException or InvalidOperationException)
        {
            return Failed(worker, context, new ApplicationFailure(
                $"The result of activity '{context.Task.ActivityId}' ({result?.GetType().Name}) cannot be written as JSON: {e.Message}", "ResultNotWritable", nonRetryable: true, e));
        }
    }

    /// <summary>For a function that threw.</summary>
    public static IMessage? Ended(WorkerScope worker, ActivityContext context, Exception e) => context.CancelReason switch
    {
        ActivityCancelReason.Gone or ActivityCancelReason.TimedOut => null,
        ActivityCancelReason.Requested when e is OperationCanceledException or CancelledFailure => Cancelled(worker, context, e as CancelledFailure),
        ActivityCancelReason.WorkerShutdown when e is OperationCanceledException =>
            Failed(worker, context, new ApplicationFailure("The worker stopped while this activity ran.", "WorkerShutdown")),
        ActivityCancelReason.Paused or ActivityCancelReason.Reset when e is OperationCanceledException =>
            Failed(worker, context, new ApplicationFailure($"The activity was stopped by an operator ({context.CancelReason}).", "ActivityPaused")),
        // A token of the function's own: to the server that is a failure like any other, not an answer to a cancel request.
        _ when e is OperationCanceledException => Failed(worker, context, new ApplicationFailure(e.Message, e.GetType().Name, inner: e.InnerException)),
        _ => Failed(worker, context, e),
    };

    public static RespondActivityTaskFailedRequest Failed(WorkerScope worker, ActivityContext context, Exception e) => new()
    {
        Namespace = worker.Client.Namespace,
        TaskToken = context.Task.Raw.TaskToken,
        Failure = worker.Client.Data.Failures.ToFailure(e),
        Identity = worker.Identity,
        LastHeartbeatDetails = context.HeartbeatPayloads(),
    };

    private static RespondActivityTaskCanceledRequest Cancelled(WorkerScope worker, ActivityContext context, CancelledFailure? failure) => new()
    {
        Namespace = worker.Client.Namespace,
        TaskToken = context.Task.Raw.TaskToken,
        Details = failure?.Details ?? context.HeartbeatPayloads(),
        Identity = worker.Identity,
    };
}
