using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>An update that waits to be accepted or rejected.</summary>
public sealed class UpdateRequest(string messageId, long sequencingEventId, Request request, PayloadConverter converter)
{
    /// <summary>The caller's id of the update; what <see cref="WorkflowHistory.Updates"/> is keyed by.</summary>
    public string Id { get; } = request.Meta?.UpdateId ?? "";

    public string Name => Raw.Input?.Name ?? "";

    public Request Raw { get; } = request;

    internal string MessageId { get; } = messageId;

    internal long SequencingEventId { get; } = sequencingEventId;

    /// <summary>Argument number <paramref name="index"/>, or the default when there are fewer.</summary>
    public T? Input<T>(int index = 0) => converter.FromPayloads<T>(Raw.Input?.Args, index);
}
