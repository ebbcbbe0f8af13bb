using FlowForge.Temporal.Protocol.Server;
using Grpc.Health.V1;
using Temporalio.Api.Namespace.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>What the server says of itself.</summary>
internal sealed class SystemHandlers
{
    /// <summary>The version whose behaviour this server follows; SDKs look at capabilities, people at this.</summary>
    public const string ServerVersion = "1.29.0";

    public Task<GetSystemInfoResponse> GetSystemInfo(GetSystemInfoRequest request, GrpcCall call) => Task.FromResult(new GetSystemInfoResponse
    {
        ServerVersion = ServerVersion,
        Capabilities = new()
        {
            SignalAndQueryHeader = true,
            InternalErrorDifferentiation = true,
            ActivityFailureIncludeHeartbeat = true,
            SupportsSchedules = true,
            EncodedFailureAttributes = true,
            BuildIdBasedVersioning = false,
            UpsertMemo = true,
            EagerWorkflowStart = false,
            SdkMetadata = true,
            CountGroupByExecutionStatus = true,
        },
    });

    public Task<GetClusterInfoResponse> GetClusterInfo(GetClusterInfoRequest request, GrpcCall call) => Task.FromResult(new GetClusterInfoResponse
    {
        ServerVersion = ServerVersion,
        ClusterId = "flowforge-embedded",
        ClusterName = "active",
        HistoryShardCount = 1,
        PersistenceStore = "sqlite",
        VisibilityStore = "sqlite",
        VersionInfo = new() { Current = new() { Version = ServerVersion } },
    });

    /// <summary>The capabilities that every namespace has.</summary>
    public static NamespaceInfo.Types.Capabilities Capabilities => new()
    {
        SyncUpdate = true,
        AsyncUpdate = true,
        WorkerPollCompleteOnShutdown = true,
    };
}

/// <summary>grpc.health.v1: serving from the moment the port is open.</summary>
internal sealed class HealthHandlers
{
    public Task<HealthCheckResponse> Check(HealthCheckRequest request, GrpcCall call) =>
        request.Service is "" or "temporal.api.workflowservice.v1.WorkflowService" or "temporal.api.operatorservice.v1.OperatorService"
            ? Task.FromResult(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving })
            : throw new GrpcException(GrpcCode.NotFound, $"unknown service {request.Service}");
}
