using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.Query.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>What clients do to runs that exist: signal, query, cancel, terminate, delete.</summary>
internal sealed class ControlHandlers(ServerState server)
{
    private static readonly TimeSpan QueryPatience = TimeSpan.FromSeconds(60);

    public Task<SignalWorkflowExecutionResponse> SignalWorkflowExecution(SignalWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        Requests.CheckExecution(request.WorkflowExecution);
        if (request.SignalName.Length == 0)
        {
            throw Requests.Invalid("SignalName is not set on request.");
        }
        Requests.CheckLength(request.SignalName, "SignalName");
        Requests.CheckSize(request.Input, "Input");
        return server.Executor.Run(() =>
        {
            var e = server.RequireOpen(ns, request.WorkflowExecution);
            CheckSignals(e);
            e.Signal(new WorkflowExecutionSignaledEventAttributes
            {
                SignalName = request.SignalName,
                Input = request.Input,
                Identity = request.Identity,
                Header = request.Header,
                RequestId = request.RequestId,
            }, request.Links);
            return new SignalWorkflowExecutionResponse();
        });
    }

    /// <exception cref="GrpcException">The run has had as many signals as one may.</exception>
    internal static void CheckSignals(Execution e)
    {
        if (e.SignalCount >= Limits.SignalsPerRun)
        {
            throw new GrpcException(GrpcCode.InvalidArgument, $"exceeded workflow execution limit for signal events ({Limits.SignalsPerRun})");
        }
    }

    public Task<QueryWorkflowResponse> QueryWorkflow(QueryWorkflowRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        Requests.CheckExecution(request.Execution);
        if (request.Query is not { QueryType.Length: > 0 })
        {
            throw Requests.Invalid("QueryType is not set on request.");
        }
        Requests.CheckSize(request.Query, "Query");
        return server.Executor.RunLong<QueryWorkflowResponse>(reply =>
        {
            var e = server.Require(ns, request.Execution);
            if (Rejects(request.QueryRejectCondition, e.Status))
            {
                server.Executor.Answer(reply, new QueryWorkflowResponse { QueryRejected = new QueryRejected { Status = e.Status } });
                return;
            }
            var pending = e.Ask(request.Query, reply, call.Patience(QueryPatience));
            call.Cancellation.Register(() => server.Executor.Post(() => pending.Fail(new GrpcException(GrpcCode.Cancelled, "the caller cancelled the query"))));
        });
    }

    public Task<RequestCancelWorkflowExecutionResponse> RequestCancelWorkflowExecution(RequestCancelWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            server.RequireOpen(ns, request.WorkflowExecution, request.FirstExecutionRunId)
                .RequestCancel(request.RequestId, request.Reason, request.Identity, links: request.Links);
            return new RequestCancelWorkflowExecutionResponse();
        });
    }

    public Task<TerminateWorkflowExecutionResponse> TerminateWorkflowExecution(TerminateWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            server.RequireOpen(ns, request.WorkflowExecution, request.FirstExecutionRunId).Terminate(request.Reason, request.Details, request.Identity);
            return new TerminateWorkflowExecutionResponse();
        });
    }

    public Task<ResetWorkflowExecutionResponse> ResetWorkflowExecution(ResetWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            var exclude = request.ResetReapplyExcludeTypes;
            var run = Resetting.Reset(server.Require(ns, request.WorkflowExecution), new ResetPlan
            {
                FinishEventId = request.WorkflowTaskFinishEventId,
                Reason = request.Reason,
                Identity = request.Identity,
                RequestId = request.RequestId,
                KeepSignals = request.ResetReapplyType != ResetReapplyType.None && !exclude.Contains(ResetReapplyExcludeType.Signal),
                KeepUpdates = request.ResetReapplyType is not ResetReapplyType.None and not ResetReapplyType.Signal && !exclude.Contains(ResetReapplyExcludeType.Update),
                KeepCancel = request.ResetReapplyType != ResetReapplyType.None && !exclude.Contains(ResetReapplyExcludeType.CancelRequest),
                Then = request.PostResetOperations,
            });
            return new ResetWorkflowExecutionResponse { RunId = run.RunId };
        });
    }

    public Task<DeleteWorkflowExecutionResponse> DeleteWorkflowExecution(DeleteWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            Delete(server, server.Require(ns, request.WorkflowExecution));
            return new DeleteWorkflowExecutionResponse();
        });
    }

    /// <summary>Ends an open run, then forgets it once what follows from its end has happened. Executor only.</summary>
    public static void Delete(ServerState server, Execution e)
    {
        if (e.IsOpen)
        {
            e.Terminate("Delete workflow execution", null, "history-service");
        }
        server.Executor.Defer(() => server.Executions.Delete(e));
    }

    private static bool Rejects(QueryRejectCondition condition, WorkflowExecutionStatus status) => condition switch
    {
        QueryRejectCondition.NotOpen => status is not WorkflowExecutionStatus.Running and not WorkflowExecutionStatus.Paused,
        QueryRejectCondition.NotCompletedCleanly => status is WorkflowExecutionStatus.Failed or WorkflowExecutionStatus.Canceled
            or WorkflowExecutionStatus.Terminated or WorkflowExecutionStatus.TimedOut,
        _ => false,
    };
}
