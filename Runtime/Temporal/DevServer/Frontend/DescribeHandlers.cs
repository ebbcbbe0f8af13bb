using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.Protocol.Server;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>What is known of one run: its facts and everything pending.</summary>
internal sealed class DescribeHandlers(ServerState server)
{
    public Task<DescribeWorkflowExecutionResponse> DescribeWorkflowExecution(DescribeWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() => Describe(server.Require(ns, request.Execution)));
    }

    private static DescribeWorkflowExecutionResponse Describe(Execution e)
    {
        var response = new DescribeWorkflowExecutionResponse
        {
            ExecutionConfig = new WorkflowExecutionConfig
            {
                TaskQueue = e.Start.TaskQueue,
                WorkflowExecutionTimeout = e.Start.WorkflowExecutionTimeout,
                WorkflowRunTimeout = e.Start.WorkflowRunTimeout,
                DefaultWorkflowTaskTimeout = e.Start.WorkflowTaskTimeout,
                UserMetadata = e.Events[0].UserMetadata,
            },
            WorkflowExecutionInfo = Facts(e),
            WorkflowExtendedInfo = new WorkflowExecutionExtendedInfo
            {
                ExecutionExpirationTime = e.Start.WorkflowExecutionExpirationTime,
                RunExpirationTime = Times.Span(e.Start.WorkflowRunTimeout) is { } run ? Times.Stamp(e.ExecutionTime + run) : null,
                CancelRequested = e.CancelRequested,
                LastResetTime = e.State.LastResetTime,
                OriginalStartTime = e.State.OriginalStartTime,
                ResetRunId = e.State.ResetRunId,
            },
        };
        if (e.State.StartRequestId.Length > 0)
        {
            response.WorkflowExtendedInfo.RequestIdInfos[e.State.StartRequestId] = new RequestIdInfo { EventType = EventType.WorkflowExecutionStarted, EventId = 1 };
        }
        foreach (var attached in e.State.AttachedRequests)
        {
            response.WorkflowExtendedInfo.RequestIdInfos[attached.RequestId] =
                new RequestIdInfo { EventType = EventType.WorkflowExecutionOptionsUpdated, EventId = attached.EventId, Buffered = attached.EventId == 0 };
        }
        response.PendingActivities.AddRange(e.Activities.Values.OrderBy(a => a.ScheduledEventId).Select(a => Describe(e, a)));
        if (e.IsOpen)
        {
            response.PendingChildren.AddRange(e.Children.Values.OrderBy(c => c.InitiatedEventId).Select(c => new PendingChildExecutionInfo
            {
                WorkflowId = c.Initiated.WorkflowId,
                RunId = c.RunId,
                WorkflowTypeName = c.Initiated.WorkflowType.Name,
                InitiatedId = c.InitiatedEventId,
                ParentClosePolicy = c.Initiated.ParentClosePolicy,
            }));
        }
        if (e.Task is { } task)
        {
            response.PendingWorkflowTask = new PendingWorkflowTaskInfo
            {
                State = task.StartedEventId == 0 ? PendingWorkflowTaskState.Scheduled : PendingWorkflowTaskState.Started,
                ScheduledTime = task.ScheduledTime,
                OriginalScheduledTime = task.OriginalScheduledTime,
                StartedTime = task.StartedTime,
                Attempt = task.Attempt,
            };
        }
        return response;
    }

    private static WorkflowExecutionInfo Facts(Execution e) => new()
    {
        Execution = e.Id,
        Type = e.Start.WorkflowType,
        StartTime = Times.Stamp(e.StartTime),
        CloseTime = Times.Stamp(e.CloseTime),
        Status = e.Status,
        HistoryLength = e.Events.Count,
        ParentNamespaceId = e.Start.ParentWorkflowNamespaceId,
        ParentExecution = e.Start.ParentWorkflowExecution,
        ExecutionTime = Times.Stamp(e.ExecutionTime),
        Memo = new Memo { Fields = { e.Memo } },
        SearchAttributes = new SearchAttributes { IndexedFields = { e.SearchAttributes } },
        AutoResetPoints = new ResetPoints(),
        TaskQueue = e.TaskQueue,
        StateTransitionCount = e.State.StateTransitions,
        HistorySizeBytes = e.HistorySize,
        ExecutionDuration = e.CloseTime is { } close ? Duration.FromTimeSpan(close - e.ExecutionTime) : null,
        RootExecution = e.Start.RootWorkflowExecution ?? e.Id,
        FirstRunId = e.Start.FirstExecutionRunId,
        Priority = e.Start.Priority,
    };

    private static PendingActivityInfo Describe(Execution e, Activity a) => new()
    {
        ActivityId = a.Id,
        ActivityType = a.Attributes.ActivityType,
        State = a.IsStarted
            ? a.CancelRequestedEventId != 0 ? PendingActivityState.CancelRequested : a.State.Paused ? PendingActivityState.PauseRequested : PendingActivityState.Started
            : a.State.Paused ? PendingActivityState.Paused : PendingActivityState.Scheduled,
        HeartbeatDetails = a.State.HeartbeatDetails,
        LastHeartbeatTime = a.State.HeartbeatTime,
        LastStartedTime = a.State.LastStartedTime,
        Attempt = a.State.Attempt,
        MaximumAttempts = a.Attributes.RetryPolicy?.MaximumAttempts ?? 0,
        ScheduledTime = a.State.ScheduledTime,
        ExpirationTime = Times.Stamp(a.Expiration),
        LastFailure = a.State.LastFailure,
        LastWorkerIdentity = a.State.LastWorkerIdentity,
        CurrentRetryInterval = a.State.NextAttemptTime is null ? null : a.State.RetryInterval,
        LastAttemptCompleteTime = a.State.LastAttemptCompleteTime,
        NextAttemptScheduleTime = a.State.NextAttemptTime,
        Paused = a.State.Paused,
        PauseInfo = a.State.PauseInfo,
        Priority = a.Attributes.Priority,
        ActivityOptions = new()
        {
            TaskQueue = a.Attributes.TaskQueue,
            ScheduleToCloseTimeout = a.Attributes.ScheduleToCloseTimeout,
            ScheduleToStartTimeout = a.Attributes.ScheduleToStartTimeout,
            StartToCloseTimeout = a.Attributes.StartToCloseTimeout,
            HeartbeatTimeout = a.Attributes.HeartbeatTimeout,
            RetryPolicy = a.Attributes.RetryPolicy,
            Priority = a.Attributes.Priority,
        },
    };
}
