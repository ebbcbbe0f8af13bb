using Temporalio.Api.Common.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Start options as the server's requests.</summary>
internal static class StartRequests
{
    public static StartWorkflowExecutionRequest Start(TemporalClient client, string type, object? input, StartWorkflowOptions o, Header? header) => new()
    {
        Namespace = client.Namespace,
        WorkflowId = o.Id,
        WorkflowType = new WorkflowType { Name = type },
        TaskQueue = WireMaps.Queue(o.TaskQueue),
        Input = client.Converter.ToPayloads(input),
        WorkflowExecutionTimeout = o.ExecutionTimeout.ToWire(),
        WorkflowRunTimeout = o.RunTimeout.ToWire(),
        WorkflowTaskTimeout = o.TaskTimeout.ToWire(),
        Identity = client.Identity,
        RequestId = o.RequestId ?? Guid.NewGuid().ToString(),
        WorkflowIdReusePolicy = o.IdReusePolicy,
        WorkflowIdConflictPolicy = o.IdConflictPolicy,
        RetryPolicy = o.Retry?.ToWire(),
        CronSchedule = o.Cron ?? "",
        WorkflowStartDelay = o.StartDelay.ToWire(),
        Memo = WireMaps.Memo(o.Memo, client.Converter),
        SearchAttributes = SearchAttribute.ToWire(o.SearchAttributes),
        Header = header,
        UserMetadata = WireMaps.Summary(o.Summary, client.Converter),
    };

    public static SignalWithStartWorkflowExecutionRequest WithSignal(TemporalClient client, StartWorkflowExecutionRequest start, StartWorkflowOptions o) => new()
    {
        Namespace = start.Namespace,
        WorkflowId = start.WorkflowId,
        WorkflowType = start.WorkflowType,
        TaskQueue = start.TaskQueue,
        Input = start.Input,
        WorkflowExecutionTimeout = start.WorkflowExecutionTimeout,
        WorkflowRunTimeout = start.WorkflowRunTimeout,
        WorkflowTaskTimeout = start.WorkflowTaskTimeout,
        Identity = start.Identity,
        RequestId = start.RequestId,
        WorkflowIdReusePolicy = start.WorkflowIdReusePolicy,
        // An open run is what this call is for: it gets the signal.
        WorkflowIdConflictPolicy = Temporalio.Api.Enums.V1.WorkflowIdConflictPolicy.UseExisting,
        SignalName = o.StartSignal,
        SignalInput = client.Converter.ToPayloads(o.StartSignalArgument),
        RetryPolicy = start.RetryPolicy,
        CronSchedule = start.CronSchedule,
        WorkflowStartDelay = start.WorkflowStartDelay,
        Memo = start.Memo,
        SearchAttributes = start.SearchAttributes,
        Header = start.Header,
        UserMetadata = start.UserMetadata,
    };
}
