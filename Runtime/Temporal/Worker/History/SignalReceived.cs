using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>One signal, in the order received.</summary>
public sealed class SignalReceived
{
    private readonly PayloadConverter _converter;

    internal SignalReceived(HistoryEvent e, PayloadConverter converter)
    {
        _converter = converter;
        Raw = e.WorkflowExecutionSignaledEventAttributes;
        EventId = e.EventId;
        Time = e.EventTime.ToDateTimeOffset();
    }

    public WorkflowExecutionSignaledEventAttributes Raw { get; }

    public string Name => Raw.SignalName;

    public long EventId { get; }

    public DateTimeOffset Time { get; }

    /// <summary>The workflow that sent it, or null when a client did.</summary>
    public WorkflowExecution? Sender => Raw.ExternalWorkflowExecution;

    /// <summary>Argument number <paramref name="index"/>, or the default when there are fewer.</summary>
    public T? Input<T>(int index = 0) => _converter.FromPayloads<T>(Raw.Input, index);
}
