using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Schedules;
using FlowForge.Temporal.DevServer.Visibility;
using FlowForge.Temporal.Protocol.Server;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Starting workflows, alone or with a signal.</summary>
internal sealed class StartHandlers(ServerState server)
{
    public Task<StartWorkflowExecutionResponse> StartWorkflowExecution(StartWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        Check(ns, request);
        return server.Executor.Run(() => Start(server, ns, request).Response);
    }

    public Task<SignalWithStartWorkflowExecutionResponse> SignalWithStartWorkflowExecution(SignalWithStartWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var start = FieldCopy.To<StartWorkflowExecutionRequest>(request);
        if (request.SignalName.Length == 0)
        {
            throw Requests.Invalid("SignalName is not set on request.");
        }
        Requests.CheckLength(request.SignalName, "SignalName");
        Check(ns, start);
        Requests.CheckSize(request.SignalInput, "SignalInput");
        if (start.WorkflowIdConflictPolicy == WorkflowIdConflictPolicy.Unspecified)
        {
            start.WorkflowIdConflictPolicy = WorkflowIdConflictPolicy.UseExisting;
        }
        else if (start.WorkflowIdConflictPolicy == WorkflowIdConflictPolicy.Fail)
        {
            throw Requests.Invalid("WorkflowIdConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not supported for this operation.");
        }
        return server.Executor.Run(() =>
        {
            var (execution, response) = Start(server, ns, start);
            // A call that is repeated after its run has closed has been answered before: its signal is in the history.
            if (execution.IsOpen)
            {
                ControlHandlers.CheckSignals(execution);
                execution.Signal(new WorkflowExecutionSignaledEventAttributes
                {
                    SignalName = request.SignalName,
                    Input = request.SignalInput,
                    Identity = request.Identity,
                    Header = request.Header,
                    RequestId = request.RequestId,
                }, request.Links, endsDelay: !response.Started);
            }
            return new SignalWithStartWorkflowExecutionResponse
            {
                RunId = response.RunId,
                Started = response.Started,
                FirstExecutionRunId = execution.Start.FirstExecutionRunId,
            };
        });
    }

    /// <summary>Checks everything that does not need the state of the server.</summary>
    public static void Check(NamespaceEntry ns, StartWorkflowExecutionRequest request)
    {
        if (request.WorkflowId.Length == 0)
        {
            throw Requests.Invalid("WorkflowId is not set on request.");
        }
        Requests.CheckLength(request.WorkflowId, "WorkflowId");
        if (request.WorkflowType is not { Name.Length: > 0 })
        {
            throw Requests.Invalid("WorkflowType is not set on request.");
        }
        Requests.CheckLength(request.WorkflowType.Name, "WorkflowType");
        if (request.TaskQueue is not { Name.Length: > 0 })
        {
            throw Requests.Invalid("Missing TaskQueue.");
        }
        Requests.CheckLength(request.TaskQueue.Name, "TaskQueue");
        Requests.CheckLength(request.RequestId, "RequestId");
        foreach (var (timeout, name) in new[]
        {
            (request.WorkflowExecutionTimeout, "WorkflowExecutionTimeout"), (request.WorkflowRunTimeout, "WorkflowRunTimeout"),
            (request.WorkflowTaskTimeout, "WorkflowTaskTimeout"), (request.WorkflowStartDelay, "WorkflowStartDelay"),
        })
        {
            if (Times.IsNegative(timeout))
            {
                throw Requests.Invalid($"An invalid {name} is set on request.");
            }
        }
        if (RetryRules.Check(request.RetryPolicy) is { } retry)
        {
            throw Requests.Invalid(retry);
        }
        if (request.CronSchedule.Length > 0)
        {
            if (CronSpec.Check(request.CronSchedule) is { } cron)
            {
                throw Requests.Invalid(cron);
            }
            if (Times.Span(request.WorkflowStartDelay) is not null)
            {
                throw Requests.Invalid("CronSchedule and WorkflowStartDelay may not be used together.");
            }
        }
        if (request.WorkflowIdReusePolicy == WorkflowIdReusePolicy.TerminateIfRunning
            && request.WorkflowIdConflictPolicy != WorkflowIdConflictPolicy.Unspecified)
        {
            throw Requests.Invalid(
                "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot be used together with a WorkflowIDConflictPolicy.");
        }
        Requests.CheckSize(request.Input, "Input");
        Requests.CheckSize(request.Memo, "Memo");
        if (AttributeChecks.Fault(ns, request.SearchAttributes) is { } attributes)
        {
            throw Requests.Invalid(attributes);
        }
    }

    /// <summary>Starts, or answers with the run that is there, as the policies say. Executor only.</summary>
    public static (Execution Execution, StartWorkflowExecutionResponse Response) Start(ServerState server, NamespaceEntry ns, StartWorkflowExecutionRequest request)
    {
        var existing = server.Executions.Latest(ns.Id, request.WorkflowId);
        if (existing is not null && request.RequestId.Length > 0 && existing.State.StartRequestId == request.RequestId)
        {
            return (existing, Respond(existing, started: true));
        }
        if (Starter.Resolve(existing, request.WorkflowIdReusePolicy, request.WorkflowIdConflictPolicy, request.Identity) is { } open)
        {
            Attach(open, request);
            return (open, Respond(open, started: false));
        }
        var execution = Begin(server, ns, request);
        return (execution, Respond(execution, started: true));
    }

    public static Execution Begin(ServerState server, NamespaceEntry ns, StartWorkflowExecutionRequest request)
    {
        var now = server.Executor.Now;
        var attributes = FieldCopy.To<WorkflowExecutionStartedEventAttributes>(request);
        attributes.TaskQueue = new() { Name = request.TaskQueue.Name, Kind = TaskQueueKind.Normal };
        AttributeChecks.Typed(ns, attributes.SearchAttributes);
        if (request.RetryPolicy is not null)
        {
            attributes.RetryPolicy = RetryRules.WithDefaults(request.RetryPolicy);
        }
        var delay = Times.Span(request.WorkflowStartDelay) ?? TimeSpan.Zero;
        if (request.CronSchedule.Length > 0 && CronSpec.NextAfter(request.CronSchedule, now, now) is { } next)
        {
            delay = next - now;
        }
        attributes.FirstWorkflowTaskBackoff = delay > TimeSpan.Zero ? Duration.FromTimeSpan(delay) : null;
        return Starter.Begin(server, ns, request.WorkflowId, Starter.NewRunId(), attributes, new StartOptions
        {
            RequestId = request.RequestId,
            Backoff = delay,
            SignalEndsBackoff = request.CronSchedule.Length == 0,
            UserMetadata = request.UserMetadata,
            Links = request.Links,
        });
    }

    private static void Attach(Execution open, StartWorkflowExecutionRequest request)
    {
        if (request.OnConflictOptions is { AttachRequestId: true } options
            && open.State.AttachedRequests.All(a => a.RequestId != request.RequestId))
        {
            var added = open.Add(new WorkflowExecutionOptionsUpdatedEventAttributes { AttachedRequestId = request.RequestId, Identity = request.Identity },
                e => e.Links.AddRange(options.AttachLinks ? request.Links : []));
            open.State.AttachedRequests.Add(new Persistence.AttachedRequest { RequestId = request.RequestId, EventId = added.EventId });
        }
    }

    private static StartWorkflowExecutionResponse Respond(Execution e, bool started) => new()
    {
        RunId = e.RunId,
        FirstExecutionRunId = e.Start.FirstExecutionRunId,
        Started = started,
        Status = e.Status,
        Link = new Link
        {
            WorkflowEvent = new()
            {
                Namespace = e.Namespace.Name,
                WorkflowId = e.WorkflowId,
                RunId = e.RunId,
                EventRef = new() { EventId = 1, EventType = EventType.WorkflowExecutionStarted },
            },
        },
    };
}
