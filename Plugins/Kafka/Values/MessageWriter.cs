using FlowForge.Plugins.Kafka.Wire;
using FlowForge.Plugins.Messages;

namespace FlowForge.Plugins.Kafka.Values;

/// <summary>Writes a message as a line: what is known of it in columns that begin with <c>kafka_</c>, and its value.</summary>
/// <param name="spec">What keys and values are.</param>
/// <param name="registry">Has the schemas that values name by number; null when none is asked.</param>
/// <param name="stop">Ends a question to it.</param>
internal sealed class MessageWriter(KafkaSpec spec, SchemaRegistry? registry, CancellationToken stop)
{
    private static ReadOnlySpan<byte> Own => "kafka_"u8;

    private readonly Avro? _avro = spec.ValueFormat != ValueFormat.Avro ? null
        : spec.AvroSchema is { } schema ? new Avro("avro_schema", schema)
        : registry is not null ? null
        : throw new TerminalException("value_format is avro, and neither avro_schema nor the connection's schema_registry is given.", "Give the schema of the values, or the registry that has it.");

    /// <param name="time">Milliseconds since 1970.</param>
    public void Write(MessageLines lines, int partition, in Record record, long time)
    {
        lines.Begin();
        lines.Number("kafka_partition"u8, partition);
        lines.Number("kafka_offset"u8, record.Offset);
        lines.Time("kafka_timestamp"u8, time);
        if (!Key(lines, record))
        {
            lines.Broken(spec.KeyFormat == KeyFormat.Json ? "key is not JSON" : "key is not UTF-8", record.Key);
            return;
        }
        Headers(lines, record.Headers);
        if (!record.HasValue) Tombstone(lines, record);
        else if (Value(lines, record.Value) is { } problem)
        {
            lines.Broken(problem, spec.ValueFormat == ValueFormat.Json ? record.Value : System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(record.Value)));
            return;
        }
        // Last, so that no field of the value can say it instead.
        if (spec.Tombstones == Tombstones.Delete) lines.TryText("_ff_op"u8, record.HasValue ? "u"u8 : "d"u8);
        lines.End();
    }

    private bool Key(MessageLines lines, in Record record)
    {
        if (!record.HasKey) lines.Null("kafka_key"u8);
        else if (spec.KeyFormat == KeyFormat.Base64) lines.Base64("kafka_key"u8, record.Key);
        else return lines.TryText("kafka_key"u8, record.Key);
        return true;
    }

    // Without a value the key is all that says which row is meant.
    private void Tombstone(MessageLines lines, in Record record)
    {
        if (spec.KeyFormat == KeyFormat.Json && record.HasKey) lines.TryJson(record.Key, "key"u8, Own);
    }

    /// <returns>What is wrong with it; null when it is written.</returns>
    private string? Value(MessageLines lines, ReadOnlySpan<byte> value)
    {
        switch (spec.ValueFormat)
        {
            case ValueFormat.Text: return lines.TryText("value"u8, value) ? null : "not UTF-8";
            case ValueFormat.Base64:
                lines.Base64("value"u8, value);
                return null;
            case ValueFormat.Avro: return Avro(lines, value);
            default:
                // No JSON begins with a zero byte.
                if (registry is not null) SchemaRegistry.TrySplit(value, out _, out value);
                return lines.TryJson(value, "value"u8, Own) ? null : "not JSON";
        }
    }

    private string? Avro(MessageLines lines, ReadOnlySpan<byte> value)
    {
        if (_avro is not null) return lines.TryJson(_avro.ToJson(value), "value"u8, Own) ? null : "not Avro of this schema";
        if (!SchemaRegistry.TrySplit(value, out var number, out var rest)) return "without the number of a schema in front";
        if (registry!.Find(number, stop) is not { } schema) return $"schema {number} is not in the registry";
        return lines.TryJson(schema.Exactly(rest), "value"u8, Own) ? null : $"not Avro of schema {number}";
    }

    /// <summary>An object of texts; a name that comes again has the list of its values.</summary>
    private static void Headers(MessageLines lines, ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        var count = bytes.IsEmpty ? 0 : reader.Varint();
        if (count <= 0) return;
        var headers = new List<(string Name, string? Value)>();
        for (; count > 0; count--)
        {
            var name = System.Text.Encoding.UTF8.GetString(reader.VarBytes(out _));
            var value = reader.VarBytes(out var none);
            headers.Add((name, none ? null : System.Text.Unicode.Utf8.IsValid(value) ? System.Text.Encoding.UTF8.GetString(value) : Convert.ToBase64String(value)));
        }
        var grouped = headers.GroupBy(h => h.Name).ToDictionary(g => g.Key, g => g.Count() == 1 ? (object?)g.First().Value : g.Select(h => h.Value).ToArray());
        lines.Raw("kafka_headers"u8, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(grouped));
    }
}
