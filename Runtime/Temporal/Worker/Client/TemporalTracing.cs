using System.Diagnostics;
using TraceContext = System.Diagnostics.ActivityContext;
using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Spans of clients, workflow tasks and activities. The trace context travels in the header <c>_tracer-data</c> as the official SDKs write it
/// (a JSON object with <c>traceparent</c> and <c>tracestate</c>), so traces join across languages.
/// </summary>
public static class TemporalTracing
{
    /// <summary>The name of the <see cref="ActivitySource"/>, to be added to a tracer provider.</summary>
    public const string SourceName = "FlowForge.Temporal";

    private const string HeaderKey = "_tracer-data";

    internal static ActivitySource Source { get; } = new(SourceName);

    /// <summary>The current span's context as a header; null when there is none, so that untraced runs carry nothing.</summary>
    internal static Header? Inject(Activity? activity)
    {
        if ((activity ?? Activity.Current) is not { Id: not null, IdFormat: ActivityIdFormat.W3C } current)
        {
            return null;
        }
        var carrier = new Dictionary<string, string> { ["traceparent"] = current.Id };
        if (current.TraceStateString is { Length: > 0 } state)
        {
            carrier["tracestate"] = state;
        }
        return new Header { Fields = { { HeaderKey, PayloadConverter.Default.ToPayload(carrier) } } };
    }

    /// <summary>The context in a header, or none: a header written by something else must not stop work.</summary>
    internal static TraceContext Extract(Header? header)
    {
        if (header is null || !header.Fields.TryGetValue(HeaderKey, out var payload))
        {
            return default;
        }
        try
        {
            var carrier = PayloadConverter.Default.FromPayload<Dictionary<string, string>>(payload);
            return carrier is not null && carrier.TryGetValue("traceparent", out var parent)
                && TraceContext.TryParse(parent, carrier.GetValueOrDefault("tracestate"), isRemote: true, out var context)
                ? context
                : default;
        }
        catch (PayloadException)
        {
            return default;
        }
    }
}
