using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Signals and cancellation requests, from clients and from other workflows.</summary>
internal static class Signals
{
    /// <param name="endsDelay">False for the signal that a run was started with: the run's start delay is meant for it too.</param>
    public static void Signal(this Execution e, WorkflowExecutionSignaledEventAttributes signal, IEnumerable<Link>? links = null, bool endsDelay = true)
    {
        if (signal.RequestId.Length > 0 && e.SignalRequests.Contains(signal.RequestId))
        {
            return;
        }
        e.Add(signal, added => added.Links.AddRange(links ?? []));
        e.Server.Metrics.Signalled.Add(1);
        if (endsDelay)
        {
            e.EndStartDelayForSignal();
        }
        e.EnsureTask();
        e.CheckHistoryLimit();
    }

    /// <summary>Asks the run to cancel; asking again changes nothing.</summary>
    public static void RequestCancel(
        this Execution e, string requestId, string cause, string identity, WorkflowExecution? external = null, long externalEventId = 0, IEnumerable<Link>? links = null)
    {
        if (e.CancelRequested)
        {
            return;
        }
        e.State.CancelRequestId = requestId;
        e.Add(new WorkflowExecutionCancelRequestedEventAttributes
        {
            Cause = cause,
            Identity = identity,
            ExternalWorkflowExecution = external,
            ExternalInitiatedEventId = externalEventId,
        }, added => added.Links.AddRange(links ?? []));
        e.EndStartDelayForSignal();
        e.EnsureTask();
    }

    public static void InitiateSignal(this Execution e, SignalExternalWorkflowExecutionCommandAttributes command, long completedEventId, Action<HistoryEvent> adorn)
    {
        var ns = e.TargetNamespace(command.Namespace);
        var initiated = FieldCopy.To<SignalExternalWorkflowExecutionInitiatedEventAttributes>(command);
        initiated.WorkflowExecution = command.Execution;
        initiated.Namespace = ns.Name;
        initiated.NamespaceId = ns.Id;
        initiated.WorkflowTaskCompletedEventId = completedEventId;
        var added = e.Add(initiated, adorn);
        e.Server.Executor.Defer(() => e.DeliverSignal(added));
    }

    public static void InitiateCancel(this Execution e, RequestCancelExternalWorkflowExecutionCommandAttributes command, long completedEventId, Action<HistoryEvent> adorn)
    {
        var ns = e.TargetNamespace(command.Namespace);
        var initiated = FieldCopy.To<RequestCancelExternalWorkflowExecutionInitiatedEventAttributes>(command);
        initiated.WorkflowExecution = new WorkflowExecution { WorkflowId = command.WorkflowId, RunId = command.RunId };
        initiated.Namespace = ns.Name;
        initiated.NamespaceId = ns.Id;
        initiated.WorkflowTaskCompletedEventId = completedEventId;
        var added = e.Add(initiated, adorn);
        e.Server.Executor.Defer(() => e.DeliverCancel(added));
    }

    public static NamespaceEntry TargetNamespace(this Execution e, string name) =>
        name.Length == 0 ? e.Namespace : e.Server.Namespaces.ByName(name) ?? e.Namespace;

    /// <summary>Brings a request that was initiated to the workflow it is for.</summary>
    public static void Deliver(this Execution e, HistoryEvent initiated)
    {
        if (initiated.EventType == EventType.SignalExternalWorkflowExecutionInitiated)
        {
            e.DeliverSignal(initiated);
        }
        else
        {
            e.DeliverCancel(initiated);
        }
    }

    private static void DeliverSignal(this Execution e, HistoryEvent initiated)
    {
        var a = initiated.SignalExternalWorkflowExecutionInitiatedEventAttributes;
        if (!e.IsOpen || !e.ExternalRequests.ContainsKey(initiated.EventId))
        {
            return;
        }
        if (Target(e, a.NamespaceId, a.WorkflowExecution, a.ChildWorkflowOnly) is { } target)
        {
            target.Signal(new WorkflowExecutionSignaledEventAttributes
            {
                SignalName = a.SignalName,
                Input = a.Input,
                Header = a.Header,
                Identity = "history-service",
                ExternalWorkflowExecution = e.Id,
                RequestId = $"{e.RunId}:{initiated.EventId}",
            });
            e.Add(new ExternalWorkflowExecutionSignaledEventAttributes
            {
                InitiatedEventId = initiated.EventId,
                Namespace = a.Namespace,
                NamespaceId = a.NamespaceId,
                WorkflowExecution = a.WorkflowExecution,
                Control = a.Control,
            });
        }
        else
        {
            e.Add(new SignalExternalWorkflowExecutionFailedEventAttributes
            {
                Cause = SignalExternalWorkflowExecutionFailedCause.ExternalWorkflowExecutionNotFound,
                WorkflowTaskCompletedEventId = a.WorkflowTaskCompletedEventId,
                Namespace = a.Namespace,
                NamespaceId = a.NamespaceId,
                WorkflowExecution = a.WorkflowExecution,
                InitiatedEventId = initiated.EventId,
                Control = a.Control,
            });
        }
        e.EnsureTask();
    }

    private static void DeliverCancel(this Execution e, HistoryEvent initiated)
    {
        var a = initiated.RequestCancelExternalWorkflowExecutionInitiatedEventAttributes;
        if (!e.IsOpen || !e.ExternalRequests.ContainsKey(initiated.EventId))
        {
            return;
        }
        if (Target(e, a.NamespaceId, a.WorkflowExecution, a.ChildWorkflowOnly) is { } target)
        {
            target.RequestCancel($"{e.RunId}:{initiated.EventId}", a.Reason, "history-service", e.Id, initiated.EventId);
            e.Add(new ExternalWorkflowExecutionCancelRequestedEventAttributes
            {
                InitiatedEventId = initiated.EventId,
                Namespace = a.Namespace,
                NamespaceId = a.NamespaceId,
                WorkflowExecution = a.WorkflowExecution,
            });
        }
        else
        {
            e.Add(new RequestCancelExternalWorkflowExecutionFailedEventAttributes
            {
                Cause = CancelExternalWorkflowExecutionFailedCause.ExternalWorkflowExecutionNotFound,
                WorkflowTaskCompletedEventId = a.WorkflowTaskCompletedEventId,
                Namespace = a.Namespace,
                NamespaceId = a.NamespaceId,
                WorkflowExecution = a.WorkflowExecution,
                InitiatedEventId = initiated.EventId,
                Control = a.Control,
            });
        }
        e.EnsureTask();
    }

    private static Execution? Target(Execution e, string namespaceId, WorkflowExecution target, bool childOnly)
    {
        var found = e.Server.Executions.Find(namespaceId, target.WorkflowId, target.RunId);
        return found is { IsOpen: true } && (!childOnly || found.Start.ParentWorkflowExecution?.RunId == e.RunId || found.Start.ParentWorkflowExecution?.WorkflowId == e.WorkflowId)
            ? found
            : null;
    }
}
