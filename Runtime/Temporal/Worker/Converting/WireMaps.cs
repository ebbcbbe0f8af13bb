using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Sdk.V1;
using Temporalio.Api.TaskQueue.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>The small wire messages that many requests share. Null stays null, as "not set" differs from zero on the server.</summary>
internal static class WireMaps
{
    public static Duration? ToWire(this TimeSpan? span) => span is { } value ? Duration.FromTimeSpan(value) : null;

    public static TaskQueue Queue(string name) => new() { Name = name, Kind = Temporalio.Api.Enums.V1.TaskQueueKind.Normal };

    public static Memo? Memo(IReadOnlyDictionary<string, object?>? memo, PayloadConverter converter)
    {
        if (memo is null or { Count: 0 })
        {
            return null;
        }
        var wire = new Memo();
        foreach (var (name, value) in memo)
        {
            wire.Fields[name] = converter.ToPayload(value);
        }
        return wire;
    }

    public static UserMetadata? Summary(string? summary, PayloadConverter converter) =>
        summary is null ? null : new UserMetadata { Summary = converter.ToPayload(summary) };
}
