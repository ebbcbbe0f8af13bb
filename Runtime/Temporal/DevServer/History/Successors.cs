using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Schedules;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>The run that follows a closed one: a retry, the next of a cron, or what the workflow continued as.</summary>
internal sealed record Successor(string RunId, WorkflowExecutionStartedEventAttributes Start, StartOptions Options);

/// <summary>Makes the start of the next run of a chain from the present one.</summary>
internal static class Successors
{
    /// <summary>The retry or cron run after a failure, or why there is none.</summary>
    public static (Successor? Next, RetryState State) FailureSuccessor(this Execution e, Failure failure)
    {
        var now = e.Server.Executor.Now;
        var expiration = e.Start.WorkflowExecutionExpirationTime?.ToDateTime();
        var (wait, state) = RetryRules.Next(e.Start.RetryPolicy, Math.Max(1, e.Start.Attempt), failure, now, expiration);
        if (wait is { } interval)
        {
            var start = e.Next(ContinueAsNewInitiator.Retry, interval);
            start.Attempt = Math.Max(1, e.Start.Attempt) + 1;
            start.ContinuedFailure = failure;
            start.LastCompletionResult = e.Start.LastCompletionResult;
            return (new Successor(Starter.NewRunId(), start, e.Options(interval)), RetryState.InProgress);
        }
        return e.CronSuccessor(now, e.Start.LastCompletionResult, failure) is { } cron ? (cron, RetryState.InProgress) : (null, state);
    }

    /// <summary>The next run of a cron workflow, or null when it has no cron or its time is over.</summary>
    public static Successor? CronSuccessor(this Execution e, DateTime now, Payloads? result, Failure? failure)
    {
        if (e.Start.CronSchedule.Length == 0 || CronSpec.NextAfter(e.Start.CronSchedule, e.ExecutionTime, now) is not { } next)
        {
            return null;
        }
        if (e.Start.WorkflowExecutionExpirationTime is { } end && next >= end.ToDateTime())
        {
            return null;
        }
        var start = e.Next(ContinueAsNewInitiator.CronSchedule, next - now);
        start.Attempt = 1;
        start.LastCompletionResult = result ?? e.Start.LastCompletionResult;
        start.ContinuedFailure = failure;
        return new Successor(Starter.NewRunId(), start, e.Options(next - now));
    }

    /// <summary>What the workflow asked to continue as.</summary>
    public static Successor ContinueAsNew(this Execution e, ContinueAsNewWorkflowExecutionCommandAttributes command)
    {
        var backoff = Times.Span(command.BackoffStartInterval) ?? TimeSpan.Zero;
        var initiator = command.Initiator == ContinueAsNewInitiator.Unspecified ? ContinueAsNewInitiator.Workflow : command.Initiator;
        var start = e.Next(initiator, backoff);
        start.Attempt = 1;
        start.WorkflowType = command.WorkflowType is { Name.Length: > 0 } ? command.WorkflowType : e.Start.WorkflowType;
        start.TaskQueue = command.TaskQueue is { Name.Length: > 0 } ? new() { Name = command.TaskQueue.Name, Kind = TaskQueueKind.Normal } : e.Start.TaskQueue;
        start.Input = command.Input;
        start.WorkflowRunTimeout = Times.Unless0(command.WorkflowRunTimeout) ?? e.Start.WorkflowRunTimeout;
        start.WorkflowTaskTimeout = Times.Unless0(command.WorkflowTaskTimeout) ?? e.Start.WorkflowTaskTimeout;
        start.RetryPolicy = command.RetryPolicy is null ? e.Start.RetryPolicy : RetryRules.WithDefaults(command.RetryPolicy);
        start.CronSchedule = command.CronSchedule.Length > 0 ? command.CronSchedule : e.Start.CronSchedule;
        start.Header = command.Header;
        start.ContinuedFailure = command.Failure;
        start.LastCompletionResult = command.LastCompletionResult ?? e.Start.LastCompletionResult;
        if (command.Memo is not null)
        {
            start.Memo = command.Memo;
        }
        if (command.SearchAttributes is not null)
        {
            start.SearchAttributes = command.SearchAttributes;
        }
        return new Successor(Starter.NewRunId(), start, e.Options(backoff));
    }

    private static StartOptions Options(this Execution e, TimeSpan backoff) => new()
    {
        Backoff = backoff,
        OriginalStartTime = e.State.OriginalStartTime?.ToDateTime() ?? e.StartTime,
        UserMetadata = e.Events.Count > 0 ? e.Events[0].UserMetadata : null,
    };

    private static WorkflowExecutionStartedEventAttributes Next(this Execution e, ContinueAsNewInitiator initiator, TimeSpan backoff)
    {
        var next = e.Start.Clone();
        next.ContinuedExecutionRunId = e.RunId;
        next.Initiator = initiator;
        next.FirstExecutionRunId = e.Start.FirstExecutionRunId;
        next.OriginalExecutionRunId = "";
        next.FirstWorkflowTaskBackoff = backoff > TimeSpan.Zero ? Duration.FromTimeSpan(backoff) : null;
        next.ContinuedFailure = null;
        next.Memo = e.Memo.Count == 0 ? null : new Memo { Fields = { e.Memo } };
        next.SearchAttributes = e.SearchAttributes.Count == 0 ? null : new SearchAttributes { IndexedFields = { e.SearchAttributes } };
        next.PrevAutoResetPoints = null;
        return next;
    }
}
