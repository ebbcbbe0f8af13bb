using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Frontend;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using Temporalio.Api.Batch.V1;

namespace FlowForge.Temporal.DevServer.Batch;

/// <summary>One operation on many runs. It goes on in small steps between other work, and after a restart where it stopped.</summary>
internal sealed class BatchOperation(ServerState server, NamespaceEntry ns, BatchRecord record) : IPersistent
{
    public const string Kind = "batch";
    private const int RunsAtOnce = 20;

    public NamespaceEntry Namespace => ns;

    public BatchRecord Record => record;

    public StartBatchOperationRequest Request { get; } = StartBatchOperationRequest.Parser.ParseFrom(record.Request);

    public BatchOperationState State => (BatchOperationState)record.State;

    public BatchOperationType Type => Request.OperationCase switch
    {
        StartBatchOperationRequest.OperationOneofCase.TerminationOperation => BatchOperationType.Terminate,
        StartBatchOperationRequest.OperationOneofCase.CancellationOperation => BatchOperationType.Cancel,
        StartBatchOperationRequest.OperationOneofCase.SignalOperation => BatchOperationType.Signal,
        StartBatchOperationRequest.OperationOneofCase.DeletionOperation => BatchOperationType.Delete,
        StartBatchOperationRequest.OperationOneofCase.ResetOperation => BatchOperationType.Reset,
        _ => BatchOperationType.Unspecified,
    };

    /// <summary>Does the next few runs.</summary>
    public void Work()
    {
        if (State != BatchOperationState.Running)
        {
            return;
        }
        foreach (var key in record.PendingKeys.Take(RunsAtOnce).ToArray())
        {
            try
            {
                if (server.Executions.ByKey(key) is { } run)
                {
                    Apply(run);
                }
                record.Complete++;
            }
            catch (GrpcException)
            {
                record.Failed++;
            }
        }
        var left = record.PendingKeys.Skip(RunsAtOnce).ToArray();
        record.PendingKeys.Clear();
        record.PendingKeys.AddRange(left);
        server.Executor.Touch(this);
        if (left.Length == 0)
        {
            End(BatchOperationState.Completed);
            return;
        }
        if (Request.MaxOperationsPerSecond > 0)
        {
            var pause = TimeSpan.FromSeconds(RunsAtOnce / Math.Max(0.1, Request.MaxOperationsPerSecond));
            server.Executor.Timers.At(server.Executor.Now + pause, Work);
        }
        else
        {
            server.Executor.Post(Work);
        }
    }

    public void Stop(string reason, string identity)
    {
        record.StopReason = reason;
        record.Identity = identity;
        record.PendingKeys.Clear();
        End(BatchOperationState.Failed);
    }

    public void Save(List<Change> changes) => changes.Add(new RecordSaved(Kind, ns.Id, record.JobId, record.ToByteArray()));

    private void End(BatchOperationState state)
    {
        record.State = (int)state;
        record.CloseTime = Times.Stamp(server.Executor.Now);
        server.Executor.Touch(this);
    }

    private void Apply(Execution run)
    {
        switch (Request.OperationCase)
        {
            case StartBatchOperationRequest.OperationOneofCase.TerminationOperation when run.IsOpen:
                run.Terminate(Request.Reason, Request.TerminationOperation.Details, Request.TerminationOperation.Identity);
                break;
            case StartBatchOperationRequest.OperationOneofCase.CancellationOperation when run.IsOpen:
                run.RequestCancel(Guid.NewGuid().ToString(), Request.Reason, Request.CancellationOperation.Identity);
                break;
            case StartBatchOperationRequest.OperationOneofCase.SignalOperation when run.IsOpen:
                run.Signal(new WorkflowExecutionSignaledEventAttributes
                {
                    SignalName = Request.SignalOperation.Signal,
                    Input = Request.SignalOperation.Input,
                    Header = Request.SignalOperation.Header,
                    Identity = Request.SignalOperation.Identity,
                    RequestId = $"{record.JobId}:{run.RunId}",
                });
                break;
            case StartBatchOperationRequest.OperationOneofCase.DeletionOperation:
                ControlHandlers.Delete(server, run);
                break;
            case StartBatchOperationRequest.OperationOneofCase.ResetOperation:
                Reset(run, Request.ResetOperation);
                break;
        }
    }

    private void Reset(Execution run, BatchOperationReset operation)
    {
        var options = operation.Options;
        var point = options?.TargetCase switch
        {
            ResetOptions.TargetOneofCase.FirstWorkflowTask => Resetting.FirstTask(run),
            ResetOptions.TargetOneofCase.LastWorkflowTask => Resetting.LastTask(run),
            ResetOptions.TargetOneofCase.WorkflowTaskId => options.WorkflowTaskId,
            ResetOptions.TargetOneofCase.BuildId => throw Requests.Invalid("resetting to a build id is not supported by this server"),
            _ => operation.ResetType == ResetType.FirstWorkflowTask ? Resetting.FirstTask(run) : Resetting.LastTask(run),
        };
        var exclude = options?.ResetReapplyExcludeTypes ?? [];
        var reapply = options?.ResetReapplyType ?? operation.ResetReapplyType;
        Resetting.Reset(run, new ResetPlan
        {
            FinishEventId = point,
            Reason = Request.Reason,
            Identity = operation.Identity,
            RequestId = $"{record.JobId}:{run.RunId}",
            KeepSignals = reapply != ResetReapplyType.None && !exclude.Contains(ResetReapplyExcludeType.Signal),
            KeepUpdates = reapply != ResetReapplyType.None && !exclude.Contains(ResetReapplyExcludeType.Update),
            Then = operation.PostResetOperations,
        });
    }
}
