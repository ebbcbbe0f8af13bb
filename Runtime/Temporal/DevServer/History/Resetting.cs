using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Frontend;
using FlowForge.Temporal.DevServer.Persistence;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>What a reset should keep and add.</summary>
internal sealed record ResetPlan
{
    public required long FinishEventId { get; init; }

    public string Reason { get; init; } = "";

    public string Identity { get; init; } = "";

    public string RequestId { get; init; } = "";

    public bool KeepSignals { get; init; } = true;

    public bool KeepUpdates { get; init; } = true;

    public bool KeepCancel { get; init; } = true;

    public IReadOnlyList<PostResetOperation> Then { get; init; } = [];
}

/// <summary>
/// Reset: a new run takes over a run's history up to a workflow task, the signals and updates that came later are brought to
/// it again, and the run that was current ends.
/// </summary>
internal static class Resetting
{
    public static Execution Reset(Execution baseRun, ResetPlan plan)
    {
        var server = baseRun.Server;
        CheckPoint(baseRun, plan.FinishEventId);
        var current = server.Executions.Latest(baseRun.Namespace.Id, baseRun.WorkflowId)!;
        if (plan.RequestId.Length > 0 && current.State.StartRequestId == plan.RequestId)
        {
            return current;
        }
        var later = EventsAfter(baseRun, plan.FinishEventId - 1).ToArray();
        var runId = Starter.NewRunId();
        var run = new Execution(server, baseRun.Namespace, server.Executions.NextKey(), baseRun.WorkflowId, runId);
        run.Import(baseRun.Events.Take((int)plan.FinishEventId - 1).Select(e => e.Clone()));
        run.State.StartRequestId = plan.RequestId;
        run.State.OriginalStartTime = baseRun.State.OriginalStartTime;
        run.State.LastResetTime = Times.Stamp(server.Executor.Now);
        if (current.IsOpen)
        {
            current.ForceTaskEnd();
            current.Add(new WorkflowExecutionTerminatedEventAttributes { Reason = plan.Reason, Identity = plan.Identity });
            current.State.ResetRunId = runId;
            current.Closed(null, reset: true);
        }
        baseRun.State.ResetRunId = runId;
        baseRun.Touch();
        server.Executions.Add(run);
        FailPendingTask(run, baseRun.RunId, plan);
        Reapply(run, later, plan);
        server.Metrics.WorkflowStarted.Add(1);
        run.Resume();
        run.ResumeRequests();
        run.EnsureTask();
        run.Touch();
        return run;
    }

    /// <summary>The event to reset to for "the first" or "the last" workflow task; 0 when there is none.</summary>
    public static long FirstTask(Execution e) => e.Events.FirstOrDefault(IsTaskEnd)?.EventId ?? 0;

    public static long LastTask(Execution e) => e.Events.LastOrDefault(IsTaskEnd)?.EventId ?? 0;

    private static bool IsTaskEnd(HistoryEvent e) => e.EventType == EventType.WorkflowTaskCompleted;

    private static void CheckPoint(Execution e, long finishEventId)
    {
        if (finishEventId <= 2 || finishEventId > e.NextEventId)
        {
            throw Requests.Invalid($"Workflow task finish ID must be > 1 && <= workflow last event ID ({e.Events.Count}).");
        }
        if (e.Events[(int)finishEventId - 2].EventType is not EventType.WorkflowTaskStarted and not EventType.WorkflowTaskScheduled)
        {
            throw Requests.Invalid(
                $"Unable to reset workflow: event {finishEventId} does not end a workflow task. Name the event that completed, failed or timed out one.");
        }
    }

    /// <summary>What happened after the point, in this run and in those that followed it.</summary>
    private static IEnumerable<HistoryEvent> EventsAfter(Execution run, long last)
    {
        foreach (var e in run.Events.Skip((int)last))
        {
            yield return e;
        }
        foreach (var e in run.State.Buffered)
        {
            yield return e;
        }
        for (var next = run; next.State.SuccessorRunId.Length > 0
            && run.Server.Executions.Find(run.Namespace.Id, run.WorkflowId, next.State.SuccessorRunId) is { } following; next = following)
        {
            foreach (var e in following.Events)
            {
                yield return e;
            }
        }
    }

    private static void FailPendingTask(Execution run, string baseRunId, ResetPlan plan)
    {
        var last = run.Events[^1];
        var scheduled = last;
        var started = last;
        if (last.EventType == EventType.WorkflowTaskStarted)
        {
            scheduled = run.Events[(int)last.WorkflowTaskStartedEventAttributes.ScheduledEventId - 1];
        }
        else
        {
            started = run.Add(new WorkflowTaskStartedEventAttributes { ScheduledEventId = last.EventId, Identity = plan.Identity, RequestId = Guid.NewGuid().ToString() });
        }
        run.Add(new WorkflowTaskFailedEventAttributes
        {
            ScheduledEventId = scheduled.EventId,
            StartedEventId = started.EventId,
            Cause = WorkflowTaskFailedCause.ResetWorkflow,
            Failure = new Failure { Message = plan.Reason, Source = Failures.Source, ResetWorkflowFailureInfo = new() },
            Identity = plan.Identity,
            BaseRunId = baseRunId,
            NewRunId = run.RunId,
        });
    }

    private static void Reapply(Execution run, IEnumerable<HistoryEvent> later, ResetPlan plan)
    {
        foreach (var e in later)
        {
            if (e.WorkflowExecutionSignaledEventAttributes is { } signal && plan.KeepSignals)
            {
                run.Add(signal.Clone());
            }
            else if (e.WorkflowExecutionCancelRequestedEventAttributes is { } cancel && plan.KeepCancel && !run.CancelRequested)
            {
                run.Add(cancel.Clone());
            }
            else if (e.WorkflowExecutionUpdateAcceptedEventAttributes is { AcceptedRequest: { } request } && plan.KeepUpdates)
            {
                Admit(run, request);
            }
            else if (e.WorkflowExecutionUpdateAdmittedEventAttributes is { } admitted && plan.KeepUpdates)
            {
                Admit(run, admitted.Request);
            }
        }
        foreach (var operation in plan.Then)
        {
            if (operation.SignalWorkflow is { } signal)
            {
                run.Add(new WorkflowExecutionSignaledEventAttributes
                {
                    SignalName = signal.SignalName,
                    Input = signal.Input,
                    Header = signal.Header,
                    Identity = plan.Identity,
                });
            }
        }
    }

    private static void Admit(Execution run, Request request)
    {
        if (!run.Updates.ContainsKey(request.Meta.UpdateId))
        {
            run.Add(new WorkflowExecutionUpdateAdmittedEventAttributes { Request = request.Clone(), Origin = UpdateAdmittedEventOrigin.Reapply });
        }
    }
}
