using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>One run with what it waits for. Heartbeat details are decoded.</summary>
public sealed class WorkflowDescription
{
    private readonly PayloadConverter _converter;

    internal WorkflowDescription(DescribeWorkflowExecutionResponse raw, PayloadConverter converter)
    {
        Raw = raw;
        _converter = converter;
        Summary = new WorkflowSummary(raw.WorkflowExecutionInfo, converter);
    }

    public DescribeWorkflowExecutionResponse Raw { get; }

    public WorkflowSummary Summary { get; }

    public IReadOnlyList<PendingActivityInfo> PendingActivities => Raw.PendingActivities;

    public IReadOnlyList<PendingChildExecutionInfo> PendingChildren => Raw.PendingChildren;

    public PendingWorkflowTaskInfo? PendingWorkflowTask => Raw.PendingWorkflowTask;

    /// <summary>The newest heartbeat of a pending activity, or the default.</summary>
    public T? Heartbeat<T>(string activityId) =>
        PendingActivities.FirstOrDefault(a => a.ActivityId == activityId) is { } activity ? _converter.FromPayloads<T>(activity.HeartbeatDetails) : default;
}
