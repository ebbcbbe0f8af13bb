using System.Collections.Immutable;
using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Log;

/// <summary>Writes actions as lines of a log entry.</summary>
internal static class ActionJson
{
    /// <summary>The content of a log entry: one action a line.</summary>
    public static byte[] Write(IEnumerable<LogAction> actions)
    {
        using var buffer = new MemoryStream();
        using var json = new Utf8JsonWriter(buffer, SchemaJson.Compact);
        foreach (var action in actions)
        {
            Write(json, action, checkpoint: false);
            json.Flush();
            json.Reset();
            buffer.WriteByte((byte)'\n');
        }
        return buffer.ToArray();
    }

    /// <summary>One action as an object. In a checkpoint, tombstones carry neither statistics nor tags and nothing counts as a change.</summary>
    public static void Write(Utf8JsonWriter json, LogAction action, bool checkpoint)
    {
        json.WriteStartObject();
        switch (action)
        {
            case ProtocolAction p: WriteProtocol(json, p); break;
            case MetadataAction m: WriteMetadata(json, m); break;
            case AddAction a: WriteAdd(json, a, checkpoint); break;
            case RemoveAction r: WriteRemove(json, r, checkpoint); break;
            case TransactionAction t: WriteTransaction(json, t); break;
            case DomainAction d: WriteDomain(json, d); break;
            case CommitInfoAction c:
                json.WritePropertyName("commitInfo");
                c.Content.WriteTo(json);
                break;
            default: throw new LakeException($"Action {action.GetType().Name} is never written.");
        }
        json.WriteEndObject();
    }

    private static void WriteProtocol(Utf8JsonWriter json, ProtocolAction p)
    {
        json.WriteStartObject("protocol");
        json.WriteNumber("minReaderVersion", p.MinReaderVersion);
        json.WriteNumber("minWriterVersion", p.MinWriterVersion);
        WriteList(json, "readerFeatures", p.ReaderFeatures);
        WriteList(json, "writerFeatures", p.WriterFeatures);
        json.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter json, MetadataAction m)
    {
        json.WriteStartObject("metaData");
        json.WriteString("id", m.Id);
        if (m.Name is not null) json.WriteString("name", m.Name);
        if (m.Description is not null) json.WriteString("description", m.Description);
        json.WriteStartObject("format");
        json.WriteString("provider", "parquet");
        json.WriteStartObject("options");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("schemaString", SchemaJson.Write(m.Schema));
        WriteList(json, "partitionColumns", m.PartitionColumns);
        json.WriteStartObject("configuration");
        foreach (var (key, value) in m.Configuration) json.WriteString(key, value);
        json.WriteEndObject();
        if (m.CreatedTime is { } created) json.WriteNumber("createdTime", created);
        json.WriteEndObject();
    }

    private static void WriteAdd(Utf8JsonWriter json, AddAction a, bool checkpoint)
    {
        json.WriteStartObject("add");
        json.WriteString("path", a.File.Uri);
        WriteMap(json, "partitionValues", a.File.PartitionValues);
        json.WriteNumber("size", a.File.Bytes);
        json.WriteNumber("modificationTime", a.File.ModifiedMilliseconds);
        json.WriteBoolean("dataChange", a.DataChange && !checkpoint);
        if (a.File.StatisticsJson is not null) json.WriteString("stats", a.File.StatisticsJson);
        if (a.File.Tags is not null) WriteMap(json, "tags", a.File.Tags);
        a.File.DeletionVector?.Write(json);
        json.WriteEndObject();
    }

    private static void WriteRemove(Utf8JsonWriter json, RemoveAction r, bool checkpoint)
    {
        json.WriteStartObject("remove");
        json.WriteString("path", r.Path);
        json.WriteNumber("deletionTimestamp", r.DeletionTimestamp);
        json.WriteBoolean("dataChange", r.DataChange && !checkpoint);
        if (r is { PartitionValues: not null, Size: not null })
        {
            json.WriteBoolean("extendedFileMetadata", true);
            WriteMap(json, "partitionValues", r.PartitionValues);
            json.WriteNumber("size", r.Size.Value);
            if (!checkpoint) WriteMap(json, "tags", ImmutableSortedDictionary<string, string>.Empty);
        }
        r.DeletionVector?.Write(json);
        json.WriteEndObject();
    }

    private static void WriteTransaction(Utf8JsonWriter json, TransactionAction t)
    {
        json.WriteStartObject("txn");
        json.WriteString("appId", t.ApplicationId);
        json.WriteNumber("version", t.Version);
        if (t.LastUpdated is { } updated) json.WriteNumber("lastUpdated", updated);
        json.WriteEndObject();
    }

    private static void WriteDomain(Utf8JsonWriter json, DomainAction d)
    {
        json.WriteStartObject("domainMetadata");
        json.WriteString("domain", d.Domain);
        json.WriteString("configuration", d.Configuration);
        json.WriteBoolean("removed", d.Removed);
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, ImmutableArray<string>? values)
    {
        if (values is not { } list) return;
        json.WriteStartArray(name);
        foreach (var value in list) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteMap<T>(Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, T>> map)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in map) json.WriteString(key, value as string);
        json.WriteEndObject();
    }
}
