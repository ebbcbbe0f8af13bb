using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>How the run began: its first event, typed.</summary>
public sealed class StartedState
{
    private readonly PayloadConverter _converter;

    internal StartedState(HistoryEvent e, PayloadConverter converter)
    {
        _converter = converter;
        Raw = e.WorkflowExecutionStartedEventAttributes;
        Time = e.EventTime.ToDateTimeOffset();
    }

    public WorkflowExecutionStartedEventAttributes Raw { get; }

    public string WorkflowType => Raw.WorkflowType?.Name ?? "";

    public string TaskQueue => Raw.TaskQueue?.Name ?? "";

    /// <summary>When the run began, UTC.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>1, or more when the workflow's own retry policy started this run.</summary>
    public int Attempt => Raw.Attempt;

    /// <summary>The first run of the chain of retries, cron runs and continuations.</summary>
    public string FirstRunId => Raw.FirstExecutionRunId;

    /// <summary>The run that this one continues, or null.</summary>
    public string? ContinuedRunId => Raw.ContinuedExecutionRunId.Length > 0 ? Raw.ContinuedExecutionRunId : null;

    public WorkflowExecution? Parent => Raw.ParentWorkflowExecution;

    public Header? Header => Raw.Header;

    /// <summary>Argument number <paramref name="index"/>, or the default when there are fewer.</summary>
    public T? Input<T>(int index = 0) => _converter.FromPayloads<T>(Raw.Input, index);

    /// <summary>The result of the cron run before this one, or the default.</summary>
    public T? LastResult<T>() => _converter.FromPayloads<T>(Raw.LastCompletionResult);
}
