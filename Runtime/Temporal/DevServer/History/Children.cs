using FlowForge.Temporal.DevServer.Engine;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Child workflows: their start, what the parent hears of them, and what the parent's end means for them.</summary>
internal static class Children
{
    public static void InitiateChild(this Execution e, StartChildWorkflowExecutionCommandAttributes command, long completedEventId, Action<HistoryEvent> adorn)
    {
        var initiated = FieldCopy.To<StartChildWorkflowExecutionInitiatedEventAttributes>(command);
        initiated.WorkflowTaskCompletedEventId = completedEventId;
        initiated.Namespace = e.TargetNamespace(command.Namespace).Name;
        initiated.NamespaceId = e.TargetNamespace(command.Namespace).Id;
        initiated.TaskQueue = command.TaskQueue is { Name.Length: > 0 } queue ? queue : new() { Name = e.TaskQueue, Kind = TaskQueueKind.Normal };
        if (initiated.ParentClosePolicy == ParentClosePolicy.Unspecified)
        {
            initiated.ParentClosePolicy = ParentClosePolicy.Terminate;
        }
        if (command.RetryPolicy is not null)
        {
            initiated.RetryPolicy = RetryRules.WithDefaults(command.RetryPolicy);
        }
        var added = e.Add(initiated, adorn);
        e.Server.Executor.Defer(() => e.StartChild(e.Children.GetValueOrDefault(added.EventId)));
    }

    /// <summary>Tells the parent how this run ended.</summary>
    public static void TellParent(this Execution e)
    {
        if (e.Start.ParentWorkflowExecution is not { WorkflowId.Length: > 0 } parentId
            || Parent(e.Server, e.Start.ParentWorkflowNamespaceId, parentId) is not { } parent
            || !parent.Children.TryGetValue(e.Start.ParentInitiatedEventId, out var child) || child.Started is null
            || child.Started.ChildWorkflowExecutionStartedEventAttributes.WorkflowExecution.WorkflowId != e.WorkflowId)
        {
            return;
        }
        if (ClosingReport(e, child) is { } report)
        {
            parent.Add(report);
            parent.EnsureTask();
        }
    }

    /// <summary>The parent's open run: the one that started the child, or the one that a reset put in its place.</summary>
    private static Execution? Parent(ServerState server, string namespaceId, WorkflowExecution id)
    {
        var parent = server.Executions.Find(namespaceId, id.WorkflowId, id.RunId);
        while (parent is { IsOpen: false } && parent.State.ResetRunId.Length > 0)
        {
            parent = server.Executions.Find(namespaceId, id.WorkflowId, parent.State.ResetRunId);
        }
        return parent is { IsOpen: true } ? parent : null;
    }

    public static void ApplyParentClosePolicy(this Execution e, IEnumerable<ChildWorkflow> children)
    {
        foreach (var child in children)
        {
            if (child.Started is null
                || e.Server.Executions.Find(child.Initiated.NamespaceId, child.Initiated.WorkflowId, "") is not { IsOpen: true } run
                || run.Start.ParentWorkflowExecution?.RunId != e.RunId)
            {
                continue;
            }
            switch (child.Initiated.ParentClosePolicy)
            {
                case ParentClosePolicy.Terminate:
                    run.Terminate("by parent close policy", null, "history-service");
                    break;
                case ParentClosePolicy.RequestCancel:
                    run.RequestCancel("", "by parent close policy", "history-service", new WorkflowExecution(e.Id), child.InitiatedEventId);
                    break;
            }
        }
    }

    /// <summary>A child that was initiated is started, now or after a restart that came in between.</summary>
    public static void StartChild(this Execution e, ChildWorkflow? child)
    {
        if (child is not { Started: null } || !e.IsOpen)
        {
            return;
        }
        var initiated = child.Initiated;
        if (e.Server.Namespaces.ById(initiated.NamespaceId) is not { } ns)
        {
            e.ChildNotStarted(child, StartChildWorkflowExecutionFailedCause.NamespaceNotFound);
            return;
        }
        try
        {
            Starter.Resolve(e.Server.Executions.Latest(ns.Id, initiated.WorkflowId), initiated.WorkflowIdReusePolicy, WorkflowIdConflictPolicy.Fail, "history-service");
        }
        catch (GrpcException)
        {
            e.ChildNotStarted(child, StartChildWorkflowExecutionFailedCause.WorkflowAlreadyExists);
            return;
        }
        var start = FieldCopy.To<WorkflowExecutionStartedEventAttributes>(initiated);
        start.ParentWorkflowNamespace = e.Namespace.Name;
        start.ParentWorkflowNamespaceId = e.Namespace.Id;
        start.ParentWorkflowExecution = e.Id;
        start.ParentInitiatedEventId = child.InitiatedEventId;
        start.RootWorkflowExecution = e.Start.RootWorkflowExecution ?? e.Id;
        var backoff = TimeSpan.Zero;
        var now = e.Server.Executor.Now;
        if (start.CronSchedule.Length > 0 && Schedules.CronSpec.NextAfter(start.CronSchedule, now, now) is { } next)
        {
            backoff = next - now;
            start.FirstWorkflowTaskBackoff = Duration.FromTimeSpan(backoff);
        }
        var run = Starter.Begin(e.Server, ns, initiated.WorkflowId, Starter.NewRunId(), start,
            new StartOptions { RequestId = Guid.NewGuid().ToString(), Backoff = backoff, UserMetadata = child.UserMetadata });
        e.Add(new ChildWorkflowExecutionStartedEventAttributes
        {
            Namespace = ns.Name,
            NamespaceId = ns.Id,
            InitiatedEventId = child.InitiatedEventId,
            WorkflowExecution = run.Id,
            WorkflowType = initiated.WorkflowType,
            Header = initiated.Header,
        });
        e.EnsureTask();
    }

    private static void ChildNotStarted(this Execution e, ChildWorkflow child, StartChildWorkflowExecutionFailedCause cause)
    {
        e.Add(new StartChildWorkflowExecutionFailedEventAttributes
        {
            Namespace = child.Initiated.Namespace,
            NamespaceId = child.Initiated.NamespaceId,
            WorkflowId = child.Initiated.WorkflowId,
            WorkflowType = child.Initiated.WorkflowType,
            Cause = cause,
            InitiatedEventId = child.InitiatedEventId,
            WorkflowTaskCompletedEventId = child.Initiated.WorkflowTaskCompletedEventId,
        });
        e.EnsureTask();
    }

    /// <summary>The parent's event for the child's closing one; null when the child goes on in another run.</summary>
    private static IMessage? ClosingReport(Execution e, ChildWorkflow child)
    {
        var close = e.CloseEvent!;
        IMessage? report = close.EventType switch
        {
            EventType.WorkflowExecutionCompleted => new ChildWorkflowExecutionCompletedEventAttributes
            {
                Result = close.WorkflowExecutionCompletedEventAttributes.Result,
            },
            EventType.WorkflowExecutionFailed => new ChildWorkflowExecutionFailedEventAttributes
            {
                Failure = close.WorkflowExecutionFailedEventAttributes.Failure,
                RetryState = close.WorkflowExecutionFailedEventAttributes.RetryState,
            },
            EventType.WorkflowExecutionCanceled => new ChildWorkflowExecutionCanceledEventAttributes
            {
                Details = close.WorkflowExecutionCanceledEventAttributes.Details,
            },
            EventType.WorkflowExecutionTimedOut => new ChildWorkflowExecutionTimedOutEventAttributes
            {
                RetryState = close.WorkflowExecutionTimedOutEventAttributes.RetryState,
            },
            EventType.WorkflowExecutionTerminated => new ChildWorkflowExecutionTerminatedEventAttributes(),
            _ => null,
        };
        if (report is null)
        {
            return null;
        }
        // The five events name these fields alike.
        void Set(string field, object value) => report.Descriptor.FindFieldByName(field).Accessor.SetValue(report, value);
        Set("namespace", e.Namespace.Name);
        Set("namespace_id", e.Namespace.Id);
        Set("workflow_execution", e.Id);
        Set("workflow_type", e.Start.WorkflowType);
        Set("initiated_event_id", child.InitiatedEventId);
        Set("started_event_id", child.Started!.EventId);
        return report;
    }
}
