using FlowForge.Temporal.DevServer.Batch;
using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.DevServer.Visibility;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.Batch.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Operations on many runs at once: cancel, terminate, signal, delete, reset.</summary>
internal sealed class BatchHandlers(ServerState server)
{
    private readonly VisibilityStore _visibility = new(server.Database);

    public Task<StartBatchOperationResponse> StartBatchOperation(StartBatchOperationRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.JobId.Length == 0)
        {
            throw Requests.Invalid("JobId is not set on request.");
        }
        if (request.Reason.Length == 0)
        {
            throw Requests.Invalid("Reason is not set on request.");
        }
        if (request.VisibilityQuery.Length == 0 && request.Executions.Count == 0)
        {
            throw Requests.Invalid("VisibilityQuery or Executions must be set on request.");
        }
        if (request.OperationCase is not (StartBatchOperationRequest.OperationOneofCase.TerminationOperation
            or StartBatchOperationRequest.OperationOneofCase.CancellationOperation or StartBatchOperationRequest.OperationOneofCase.SignalOperation
            or StartBatchOperationRequest.OperationOneofCase.DeletionOperation or StartBatchOperationRequest.OperationOneofCase.ResetOperation))
        {
            throw Requests.Invalid($"The operation type {request.OperationCase} is not supported by this server.");
        }
        var byQuery = request.VisibilityQuery.Length > 0 ? _visibility.Keys(ns, request.VisibilityQuery) : [];
        return server.Executor.Run(() =>
        {
            if (server.Batches.Find(ns, request.JobId) is not null)
            {
                throw new GrpcException(GrpcCode.AlreadyExists, $"batch operation {request.JobId} already exists");
            }
            var record = new BatchRecord
            {
                JobId = request.JobId,
                Request = request.ToByteString(),
                State = (int)BatchOperationState.Running,
                StartTime = Times.Stamp(server.Executor.Now),
                Identity = Identity(request),
            };
            record.PendingKeys.AddRange(byQuery.Count > 0 || request.Executions.Count == 0
                ? byQuery
                : request.Executions.Select(e => server.Executions.Find(ns.Id, e.WorkflowId, e.RunId)?.Key ?? -1));
            record.Total = record.PendingKeys.Count;
            server.Batches.Begin(ns, record);
            return new StartBatchOperationResponse();
        });
    }

    public Task<StopBatchOperationResponse> StopBatchOperation(StopBatchOperationRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            var operation = Require(ns, request.JobId);
            if (operation.State == BatchOperationState.Running)
            {
                operation.Stop(request.Reason, request.Identity);
            }
            return new StopBatchOperationResponse();
        });
    }

    public Task<DescribeBatchOperationResponse> DescribeBatchOperation(DescribeBatchOperationRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            var operation = Require(ns, request.JobId);
            return new DescribeBatchOperationResponse
            {
                OperationType = operation.Type,
                JobId = request.JobId,
                State = operation.State,
                StartTime = operation.Record.StartTime,
                CloseTime = operation.Record.CloseTime,
                TotalOperationCount = operation.Record.Total,
                CompleteOperationCount = operation.Record.Complete,
                FailureOperationCount = operation.Record.Failed,
                Identity = operation.Record.Identity,
                Reason = operation.Request.Reason,
                Query = operation.Request.VisibilityQuery,
            };
        });
    }

    public Task<ListBatchOperationsResponse> ListBatchOperations(ListBatchOperationsRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var size = request.PageSize > 0 ? request.PageSize : 100;
        var after = request.NextPageToken.ToStringUtf8();
        return server.Executor.Run(() =>
        {
            var page = server.Batches.All(ns).Where(o => string.CompareOrdinal(o.Record.JobId, after) > 0)
                .OrderBy(o => o.Record.JobId, StringComparer.Ordinal).Take(size + 1).ToArray();
            var response = new ListBatchOperationsResponse();
            response.OperationInfo.AddRange(page.Take(size).Select(o => new BatchOperationInfo
            {
                JobId = o.Record.JobId,
                State = o.State,
                StartTime = o.Record.StartTime,
                CloseTime = o.Record.CloseTime,
                OperationType = o.Type,
            }));
            if (page.Length > size)
            {
                response.NextPageToken = ByteString.CopyFromUtf8(page[size - 1].Record.JobId);
            }
            return response;
        });
    }

    private BatchOperation Require(NamespaceEntry ns, string jobId) => server.Batches.Find(ns, jobId) ?? throw Requests.NotFound($"batch operation not found: {jobId}");

    private static string Identity(StartBatchOperationRequest request) => request.OperationCase switch
    {
        StartBatchOperationRequest.OperationOneofCase.TerminationOperation => request.TerminationOperation.Identity,
        StartBatchOperationRequest.OperationOneofCase.CancellationOperation => request.CancellationOperation.Identity,
        StartBatchOperationRequest.OperationOneofCase.SignalOperation => request.SignalOperation.Identity,
        StartBatchOperationRequest.OperationOneofCase.DeletionOperation => request.DeletionOperation.Identity,
        StartBatchOperationRequest.OperationOneofCase.ResetOperation => request.ResetOperation.Identity,
        _ => "",
    };
}
