using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Other workflows, and what is written into this one's record.</summary>
public sealed partial class DecisionBuilder
{
    /// <summary>Starts a child workflow; its id names it in <see cref="WorkflowHistory.Children"/>.</summary>
    public DecisionBuilder StartChild(string id, string type, object? input, ChildOptions? options = null)
    {
        options ??= new ChildOptions();
        if ((history.Children.TryGetValue(id, out var known) && !known.IsClosed)
            || _commands.Any(c => c.StartChildWorkflowExecutionCommandAttributes?.WorkflowId == id))
        {
            throw new InvalidOperationException($"Child workflow '{id}' of {task.WorkflowType} '{task.WorkflowId}' is already started and still open. Look into history.Children first.");
        }
        return Add(new Command
        {
            CommandType = CommandType.StartChildWorkflowExecution,
            StartChildWorkflowExecutionCommandAttributes = new()
            {
                WorkflowId = id,
                WorkflowType = new WorkflowType { Name = type },
                TaskQueue = WireMaps.Queue(options.TaskQueue ?? task.TaskQueue),
                Input = Converter.ToPayloads(input),
                WorkflowExecutionTimeout = options.ExecutionTimeout.ToWire(),
                WorkflowRunTimeout = options.RunTimeout.ToWire(),
                WorkflowTaskTimeout = options.TaskTimeout.ToWire(),
                ParentClosePolicy = options.ParentClosePolicy,
                WorkflowIdReusePolicy = options.IdReusePolicy,
                RetryPolicy = options.Retry?.ToWire(),
                CronSchedule = options.Cron ?? "",
                Header = history.Started.Header?.Clone(),
                Memo = WireMaps.Memo(options.Memo, Converter),
                SearchAttributes = SearchAttribute.ToWire(options.SearchAttributes),
            },
            UserMetadata = WireMaps.Summary(options.Summary, Converter),
        });
    }

    /// <summary>Asks an open child of this run to cancel; nothing happens when there is none.</summary>
    public DecisionBuilder CancelChild(string id, string reason = "") =>
        history.Children.TryGetValue(id, out var child) && !child.IsClosed
            && !history.Externals.Any(e => e.Signal is null && e.WorkflowId == id && e.InitiatedEventId > child.InitiatedEventId)
            ? CancelExternal(id, child.RunId, reason, childOnly: true)
            : this;

    /// <summary>Asks another workflow to cancel. Its fate shows in <see cref="WorkflowHistory.Externals"/>.</summary>
    public DecisionBuilder CancelExternal(string workflowId, string? runId = null, string reason = "", bool childOnly = false) => Add(new Command
    {
        CommandType = CommandType.RequestCancelExternalWorkflowExecution,
        RequestCancelExternalWorkflowExecutionCommandAttributes = new()
        {
            WorkflowId = workflowId,
            RunId = runId ?? "",
            Reason = reason,
            ChildWorkflowOnly = childOnly,
        },
    });

    /// <summary>Signals another workflow. Its fate shows in <see cref="WorkflowHistory.Externals"/>.</summary>
    public DecisionBuilder SignalExternal(string workflowId, string name, object? argument = null, string? runId = null, bool childOnly = false) => Add(new Command
    {
        CommandType = CommandType.SignalExternalWorkflowExecution,
        SignalExternalWorkflowExecutionCommandAttributes = new()
        {
            Execution = new WorkflowExecution { WorkflowId = workflowId, RunId = runId ?? "" },
            SignalName = name,
            Input = Converter.ToPayloads(argument),
            ChildWorkflowOnly = childOnly,
            Header = history.Started.Header?.Clone(),
        },
    });

    /// <summary>Sets search attributes (a null value removes one); the others stay.</summary>
    public DecisionBuilder UpsertSearchAttributes(IReadOnlyDictionary<string, SearchAttribute> attributes) =>
        SearchAttribute.ToWire(attributes) is { } wire
            ? Add(new Command { CommandType = CommandType.UpsertWorkflowSearchAttributes, UpsertWorkflowSearchAttributesCommandAttributes = new() { SearchAttributes = wire } })
            : this;

    /// <summary>Sets memo entries (a null value removes one); the others stay.</summary>
    public DecisionBuilder UpsertMemo(IReadOnlyDictionary<string, object?> memo) =>
        WireMaps.Memo(memo, Converter) is { } wire
            ? Add(new Command { CommandType = CommandType.ModifyWorkflowProperties, ModifyWorkflowPropertiesCommandAttributes = new() { UpsertedMemo = wire } })
            : this;

    /// <summary>Writes a value into history, to be found in <see cref="WorkflowHistory.Markers"/> by later decisions.</summary>
    public DecisionBuilder RecordMarker(string name, IReadOnlyDictionary<string, object?>? details = null)
    {
        var attributes = new RecordMarkerCommandAttributes { MarkerName = name };
        foreach (var (key, value) in details ?? new Dictionary<string, object?>())
        {
            attributes.Details[key] = Converter.ToPayloads(value) ?? new Payloads();
        }
        return Add(new Command { CommandType = CommandType.RecordMarker, RecordMarkerCommandAttributes = attributes });
    }
}
