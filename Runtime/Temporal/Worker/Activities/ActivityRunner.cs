using System.Diagnostics;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Runs one activity task and reports how it ended. Never throws: what cannot be reported is logged and left to the server's timeouts.</summary>
internal sealed class ActivityRunner(
    WorkerScope worker, IReadOnlyDictionary<string, ActivityFunction> functions, CancellationToken workerShutdown)
{
    public async Task RunAsync(PollActivityTaskQueueResponse poll, ActivityDrain drain)
    {
        var task = new ActivityTask(poll, worker.Options.TaskQueue);
        using var scope = worker.Logger.BeginScope(new Dictionary<string, object>
        {
            ["WorkflowId"] = task.WorkflowId,
            ["RunId"] = task.RunId,
            ["ActivityId"] = task.ActivityId,
            ["Attempt"] = task.Attempt,
        });
        using var span = TemporalTracing.Source.StartActivity($"RunActivity:{task.ActivityType}", ActivityKind.Server, TemporalTracing.Extract(poll.Header));
        span?.SetTag("temporalWorkflowID", task.WorkflowId).SetTag("temporalRunID", task.RunId).SetTag("temporalActivityID", task.ActivityId);
        try
        {
            using var context = new ActivityContext(task, worker.Client.Converter, worker.Logger, workerShutdown);
            using var entry = drain.Enter(context);
            var report = await ExecuteAsync(context, span).ConfigureAwait(false);
            await ReportAsync(context, report).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            worker.Logger.LogError(e, "Activity {ActivityId} ({ActivityType}) of workflow {WorkflowId} could not be handled; the server will time it out",
                task.ActivityId, task.ActivityType, task.WorkflowId);
        }
    }

    private async Task<IMessage?> ExecuteAsync(ActivityContext context, Activity? span)
    {
        if (!functions.TryGetValue(context.Task.ActivityType, out var function))
        {
            var known = functions.Count == 0 ? "none" : string.Join(", ", functions.Keys.Order(StringComparer.Ordinal));
            return ActivityReports.Failed(worker, context, new ApplicationFailure(
                $"Activity type '{context.Task.ActivityType}' is not registered on task queue '{worker.Options.TaskQueue}'. Registered there: {known}.", "NotFoundError"));
        }
        try
        {
            // Here, so that a payload that cannot be decoded is reported as the failure it is.
            await worker.Client.Data.DecodeAsync(context.Task.Raw, context.CancellationToken).ConfigureAwait(false);
            await using var heartbeats = new HeartbeatLoop(worker, context);
            using var limit = TimeLimit(context);
            // A function that ignores its token must not keep a stopping worker alive: the drain gives up on it.
            var running = Task.Run(() => function(context), CancellationToken.None);
            var result = await running.WaitAsync(context.Abandoned).ConfigureAwait(false);
            return ActivityReports.Completed(worker, context, result);
        }
        catch (Exception e)
        {
            span?.SetStatus(ActivityStatusCode.Error, e.Message);
            return ActivityReports.Ended(worker, context, e);
        }
    }

    private static Timer? TimeLimit(ActivityContext context) => context.Task.StartToCloseTimeout is { } limit && limit < TimeSpan.FromDays(40)
        ? new Timer(_ => context.Cancel(ActivityCancelReason.TimedOut), null, limit, Timeout.InfiniteTimeSpan)
        : null;

    private async Task ReportAsync(ActivityContext context, IMessage? report)
    {
        if (report is null)
        {
            return;
        }
        try
        {
            await SendAsync(report).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Code == GrpcCode.NotFound)
        {
            worker.Logger.LogDebug("Activity {ActivityId} ended after the server had given it up: {Reason}", context.Task.ActivityId, e.Message);
        }
        catch (GrpcException e) when (e.Code is GrpcCode.InvalidArgument or GrpcCode.ResourceExhausted && report is RespondActivityTaskCompletedRequest)
        {
            // A result that is refused (over 2 MB) would be computed and refused again at each attempt.
            var refused = new ApplicationFailure($"The server refused the result of activity '{context.Task.ActivityId}': {e.Message}", "ResultRefused", nonRetryable: true);
            await SendAsync(ActivityReports.Failed(worker, context, refused)).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(IMessage report)
    {
        // While the server is away the result must not be lost; a stopping worker may not wait for ever.
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken.None);
        using var onStop = workerShutdown.Register(() => giveUp.CancelAfter(worker.Options.GracefulShutdown + worker.Options.CancelGrace));
        var policy = new CallPolicy { RetryFor = Timeout.InfiniteTimeSpan };
        switch (report)
        {
            case RespondActivityTaskCompletedRequest completed:
                await worker.Client.CallAsync<RespondActivityTaskCompletedResponse>(completed, giveUp.Token, policy).ConfigureAwait(false);
                break;
            case RespondActivityTaskCanceledRequest cancelled:
                await worker.Client.CallAsync<RespondActivityTaskCanceledResponse>(cancelled, giveUp.Token, policy).ConfigureAwait(false);
                break;
            case RespondActivityTaskFailedRequest failed:
                await worker.Client.CallAsync<RespondActivityTaskFailedResponse>(failed, giveUp.Token, policy).ConfigureAwait(false);
                break;
        }
    }
}
