using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Update.V1;
using Stage = Temporalio.Api.Enums.V1.UpdateWorkflowExecutionLifecycleStage;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Updates: sent to a run, polled for, or sent together with a start.</summary>
internal sealed class UpdateHandlers(ServerState server)
{
    public Task<UpdateWorkflowExecutionResponse> UpdateWorkflowExecution(UpdateWorkflowExecutionRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        Requests.CheckExecution(request.WorkflowExecution);
        var stage = Check(request);
        return server.Executor.RunLong<UpdateWorkflowExecutionResponse>(reply =>
        {
            var e = server.Require(ns, request.WorkflowExecution);
            if (request.FirstExecutionRunId.Length > 0 && e.Start.FirstExecutionRunId != request.FirstExecutionRunId)
            {
                throw Requests.NotFound("workflow execution not found");
            }
            e.AdmitUpdate(request.Request).Wait(e, stage, call.Patience(Limits.LongPoll), reply);
        });
    }

    public Task<PollWorkflowExecutionUpdateResponse> PollWorkflowExecutionUpdate(PollWorkflowExecutionUpdateRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var id = request.UpdateRef?.WorkflowExecution;
        Requests.CheckExecution(id);
        var stage = request.WaitPolicy?.LifecycleStage ?? Stage.Unspecified;
        return Await();

        async Task<PollWorkflowExecutionUpdateResponse> Await()
        {
            var answer = await server.Executor.RunLong<UpdateWorkflowExecutionResponse>(reply =>
            {
                var e = server.Require(ns, id);
                if (!e.Updates.TryGetValue(request.UpdateRef!.UpdateId, out var update))
                {
                    throw Requests.NotFound($"update \"{request.UpdateRef.UpdateId}\" not found");
                }
                update.Wait(e, stage, call.Patience(Limits.LongPoll), reply);
            });
            return new PollWorkflowExecutionUpdateResponse { Outcome = answer.Outcome, Stage = answer.Stage, UpdateRef = answer.UpdateRef };
        }
    }

    public async Task<ExecuteMultiOperationResponse> ExecuteMultiOperation(ExecuteMultiOperationRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.Operations is not [{ StartWorkflow: { } start }, { UpdateWorkflow: { } update }])
        {
            throw Requests.Invalid("Operations have to be exactly [Start, Update].");
        }
        if (start.CronSchedule.Length > 0 || start.RequestEagerExecution || Times.Span(start.WorkflowStartDelay) is not null)
        {
            throw Requests.Invalid("CronSchedule, WorkflowStartDelay and RequestEagerExecution are not allowed in a multi-operation.");
        }
        if (update.WorkflowExecution?.WorkflowId != start.WorkflowId)
        {
            throw Requests.Invalid("WorkflowId is not consistent with previous operation(s)");
        }
        StartHandlers.Check(ns, start);
        var stage = Check(update);
        StartWorkflowExecutionResponse? started = null;
        try
        {
            var outcome = await server.Executor.RunLong<UpdateWorkflowExecutionResponse>(reply =>
            {
                var existing = server.Executions.Latest(ns.Id, start.WorkflowId);
                Execution e;
                if (existing is not null && existing.Updates.TryGetValue(update.Request.Meta.UpdateId, out _))
                {
                    // The same call again: the update is known, whatever has become of the run.
                    e = existing;
                    started = new StartWorkflowExecutionResponse { RunId = e.RunId, FirstExecutionRunId = e.Start.FirstExecutionRunId, Status = e.Status };
                }
                else
                {
                    (e, started) = StartHandlers.Start(server, ns, start);
                }
                e.AdmitUpdate(update.Request).Wait(e, stage, call.Patience(Limits.LongPoll), reply);
            });
            return new ExecuteMultiOperationResponse { Responses = { new[]
            {
                new ExecuteMultiOperationResponse.Types.Response { StartWorkflow = started },
                new ExecuteMultiOperationResponse.Types.Response { UpdateWorkflow = outcome },
            } } };
        }
        catch (GrpcException e)
        {
            throw Failed(e, inStart: started is null);
        }
    }

    private static GrpcException Failed(GrpcException error, bool inStart)
    {
        var failed = new MultiOperationExecutionFailure.Types.OperationStatus { Code = (int)error.Code, Message = error.Message };
        failed.Details.AddRange(error.Details);
        var aborted = new MultiOperationExecutionFailure.Types.OperationStatus
        {
            Code = (int)GrpcCode.Aborted,
            Message = "Operation was aborted.",
            Details = { Any.Pack(new MultiOperationExecutionAborted()) },
        };
        var details = new MultiOperationExecutionFailure();
        details.Statuses.Add(inStart ? failed : aborted);
        details.Statuses.Add(inStart ? aborted : failed);
        return new GrpcException(error.Code, inStart ? "MultiOperation could not be executed: " + error.Message : "Update-with-Start could not be executed: " + error.Message, details);
    }

    /// <summary>Checks an update and fills in its id; the stage to wait for.</summary>
    private static Stage Check(UpdateWorkflowExecutionRequest request)
    {
        if (request.Request?.Input is not { Name.Length: > 0 })
        {
            throw Requests.Invalid("update name is not set on request");
        }
        request.Request.Meta ??= new Meta();
        if (request.Request.Meta.UpdateId.Length == 0)
        {
            request.Request.Meta.UpdateId = Guid.NewGuid().ToString();
        }
        Requests.CheckLength(request.Request.Meta.UpdateId, "UpdateId");
        Requests.CheckSize(request.Request.Input.Args, "Input");
        return request.WaitPolicy?.LifecycleStage switch
        {
            null or Stage.Unspecified => Stage.Accepted,
            Stage.Admitted => throw new GrpcException(GrpcCode.PermissionDenied, "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED is not supported"),
            { } stage => stage,
        };
    }
}
