using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>A marker: a value that a decision wrote into history to find it there later.</summary>
public sealed class MarkerRecorded
{
    private readonly PayloadConverter _converter;

    internal MarkerRecorded(HistoryEvent e, PayloadConverter converter)
    {
        _converter = converter;
        Raw = e.MarkerRecordedEventAttributes;
        EventId = e.EventId;
        Time = e.EventTime.ToDateTimeOffset();
    }

    public MarkerRecordedEventAttributes Raw { get; }

    public string Name => Raw.MarkerName;

    public long EventId { get; }

    public DateTimeOffset Time { get; }

    /// <summary>The detail called <paramref name="key"/>, or the default when there is none.</summary>
    public T? Detail<T>(string key) => Raw.Details.TryGetValue(key, out var payloads) ? _converter.FromPayloads<T>(payloads) : default;
}
