using System.Globalization;
using System.Text.Json;

namespace FlowForge.Plugins.Kafka;

/// <summary>How far a topic has been read: for each partition the offset of the next message.</summary>
internal sealed record KafkaCursor(string Topic, IReadOnlyDictionary<int, long> Offsets)
{
    private const string Again = "Reset the job's watermark: the next run reads the topic from its start.";

    /// <summary>One text for one state, so that a run that found nothing new is known by it.</summary>
    public override string ToString() =>
        JsonSerializer.Serialize(new Form(Topic, new SortedDictionary<int, long>(Offsets.ToDictionary(o => o.Key, o => o.Value)).ToDictionary(o => o.Key.ToString(CultureInfo.InvariantCulture), o => o.Value)));

    /// <exception cref="TerminalException">It is none, or another topic's.</exception>
    public static KafkaCursor Parse(string text, string? topic = null)
    {
        KafkaCursor cursor;
        try
        {
            var form = JsonSerializer.Deserialize<Form>(text) ?? throw new JsonException("It is empty.");
            cursor = new KafkaCursor(form.topic, form.offsets.ToDictionary(o => int.Parse(o.Key, CultureInfo.InvariantCulture), o => o.Value));
        }
        catch (Exception e) when (e is JsonException or FormatException or NullReferenceException or ArgumentNullException)
        {
            throw new TerminalException($"\"{text}\" says no offsets of a topic.", Again, e);
        }
        return topic is null || cursor.Topic == topic ? cursor : throw new TerminalException($"The table has been read from topic {cursor.Topic}, and the job now names {topic}.", "Read another topic into another table, or reset the job's watermark.");
    }

    private sealed record Form(string topic, Dictionary<string, long> offsets);
}
