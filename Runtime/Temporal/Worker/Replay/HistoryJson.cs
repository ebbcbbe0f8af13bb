using Google.Protobuf;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Histories as files: the JSON form that Temporal's own tools export (<c>{"events": [ … ]}</c>).</summary>
public static class HistoryJson
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithIndentation());

    // Newer servers add fields; an old worker must still read such a file.
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static string Write(IEnumerable<HistoryEvent> events)
    {
        var history = new Temporalio.Api.History.V1.History();
        history.Events.AddRange(events);
        return Formatter.Format(history);
    }

    /// <exception cref="InvalidOperationException">The text is no history.</exception>
    public static IReadOnlyList<HistoryEvent> Read(string json)
    {
        try
        {
            return Parser.Parse<Temporalio.Api.History.V1.History>(json).Events;
        }
        catch (Exception e) when (e is InvalidJsonException or InvalidProtocolBufferException)
        {
            throw new InvalidOperationException($"This is no workflow history in Temporal's JSON form: {e.Message}", e);
        }
    }
}
