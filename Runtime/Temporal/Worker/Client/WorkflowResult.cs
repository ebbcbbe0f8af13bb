using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Waits for the event that closes a chain of runs.</summary>
internal static class WorkflowResult
{
    public static async Task<Payloads?> WaitAsync(TemporalClient client, WorkflowHandle handle, CancellationToken cancellation)
    {
        while (true)
        {
            var (runId, closing) = await ClosingEventAsync(client, handle, cancellation).ConfigureAwait(false);
            if (NextRun(closing) is { Length: > 0 } next)
            {
                handle = client.GetHandle(handle.Id, next);
                continue;
            }
            return Outcome(client, handle.Id, runId, closing);
        }
    }

    private static async Task<(string RunId, HistoryEvent Closing)> ClosingEventAsync(TemporalClient client, WorkflowHandle handle, CancellationToken cancellation)
    {
        // Without a run id, the long poll's token would follow the run that is newest now; name it, so that errors can too.
        var runId = handle.RunId ?? (await handle.DescribeAsync(cancellation).ConfigureAwait(false)).Summary.RunId;
        var request = new GetWorkflowExecutionHistoryRequest
        {
            Namespace = client.Namespace,
            Execution = new WorkflowExecution { WorkflowId = handle.Id, RunId = runId },
            WaitNewEvent = true,
            HistoryEventFilterType = HistoryEventFilterType.CloseEvent,
            SkipArchival = true,
        };
        while (true)
        {
            var page = await handle.CallAsync<GetWorkflowExecutionHistoryResponse>(request, cancellation, CallPolicy.PatientPoll).ConfigureAwait(false);
            if (page.History?.Events.LastOrDefault() is { } closing)
            {
                return (runId, closing);
            }
            // An empty answer is the end of one long poll, not of the run.
            request.NextPageToken = page.NextPageToken;
        }
    }

    private static string? NextRun(HistoryEvent closing) => closing.EventType switch
    {
        EventType.WorkflowExecutionCompleted => closing.WorkflowExecutionCompletedEventAttributes.NewExecutionRunId,
        EventType.WorkflowExecutionFailed => closing.WorkflowExecutionFailedEventAttributes.NewExecutionRunId,
        EventType.WorkflowExecutionTimedOut => closing.WorkflowExecutionTimedOutEventAttributes.NewExecutionRunId,
        EventType.WorkflowExecutionContinuedAsNew => closing.WorkflowExecutionContinuedAsNewEventAttributes.NewExecutionRunId,
        _ => null,
    };

    private static Payloads? Outcome(TemporalClient client, string id, string runId, HistoryEvent closing) => closing.EventType switch
    {
        EventType.WorkflowExecutionCompleted => closing.WorkflowExecutionCompletedEventAttributes.Result,
        EventType.WorkflowExecutionFailed => throw new WorkflowFailedException(id, runId, WorkflowExecutionStatus.Failed,
            client.Data.Failures.ToException(closing.WorkflowExecutionFailedEventAttributes.Failure)),
        EventType.WorkflowExecutionCanceled => throw new WorkflowFailedException(id, runId, WorkflowExecutionStatus.Canceled,
            new CancelledFailure("the workflow was cancelled", closing.WorkflowExecutionCanceledEventAttributes.Details)),
        EventType.WorkflowExecutionTerminated => throw new WorkflowFailedException(id, runId, WorkflowExecutionStatus.Terminated,
            new TerminatedFailure(closing.WorkflowExecutionTerminatedEventAttributes.Reason is { Length: > 0 } reason ? reason : "the workflow was terminated")),
        EventType.WorkflowExecutionTimedOut => throw new WorkflowFailedException(id, runId, WorkflowExecutionStatus.TimedOut,
            new TimeoutFailure("the workflow ran out of time", TimeoutType.StartToClose)),
        _ => throw new WorkflowFailedException(id, runId, WorkflowExecutionStatus.Unspecified,
            new ServerFailure($"the run closed with {closing.EventType}", nonRetryable: true)),
    };
}
