using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Worker;

public enum UpdateStatus
{
    /// <summary>Carried over by a reset: to be accepted or rejected again.</summary>
    Admitted,
    Accepted,
    Completed,
}

/// <summary>One update as history knows it. An accepted one waits for a decision that completes it; rejected ones leave no trace.</summary>
public sealed class UpdateState
{
    private readonly PayloadConverter _converter;

    internal UpdateState(string id, long eventId, Request? request, PayloadConverter converter)
    {
        Id = id;
        EventId = eventId;
        Request = request;
        _converter = converter;
    }

    public string Id { get; }

    /// <summary>The event that admitted or accepted it.</summary>
    public long EventId { get; internal set; }

    public Request? Request { get; internal set; }

    public string Name => Request?.Input?.Name ?? "";

    public UpdateStatus Status { get; internal set; }

    /// <summary>Success or failure of a completed update; null before.</summary>
    public Outcome? Outcome { get; internal set; }

    /// <summary>Argument number <paramref name="index"/>, or the default when there are fewer.</summary>
    public T? Input<T>(int index = 0) => _converter.FromPayloads<T>(Request?.Input?.Args, index);
}
