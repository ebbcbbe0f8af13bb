using Temporalio.Api.Enums.V1;
using Temporalio.Api.Workflow.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>One run as visibility lists it. Times are UTC.</summary>
public sealed class WorkflowSummary
{
    private readonly PayloadConverter _converter;

    internal WorkflowSummary(WorkflowExecutionInfo raw, PayloadConverter converter)
    {
        Raw = raw;
        _converter = converter;
    }

    public WorkflowExecutionInfo Raw { get; }

    public string Id => Raw.Execution.WorkflowId;

    public string RunId => Raw.Execution.RunId;

    public string WorkflowType => Raw.Type?.Name ?? "";

    public string TaskQueue => Raw.TaskQueue;

    public WorkflowExecutionStatus Status => Raw.Status;

    public bool IsOpen => Status is WorkflowExecutionStatus.Running or WorkflowExecutionStatus.Paused;

    public DateTimeOffset StartTime => Raw.StartTime?.ToDateTimeOffset() ?? default;

    public DateTimeOffset? CloseTime => Raw.CloseTime?.ToDateTimeOffset();

    /// <summary>Events; 0 while the run is open on servers that count at the end only.</summary>
    public long HistoryLength => Raw.HistoryLength;

    public string? ParentId => Raw.ParentExecution?.WorkflowId;

    /// <summary>A memo entry, or the default when there is none.</summary>
    public T? Memo<T>(string name) => Raw.Memo is { } memo && memo.Fields.TryGetValue(name, out var value) ? _converter.FromPayload<T>(value) : default;

    /// <summary>A search attribute, or the default when there is none.</summary>
    public T? SearchAttribute<T>(string name) =>
        Raw.SearchAttributes is { } all && all.IndexedFields.TryGetValue(name, out var value) ? PayloadConverter.Default.FromPayload<T>(value) : default;
}
