using System.Collections.Immutable;
using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Log;

/// <summary>Reads actions from a log entry or from a checkpoint's rows. Unknown actions and fields are ignored, as the protocol demands.</summary>
internal static class ActionReader
{
    /// <summary>All actions of one log entry.</summary>
    /// <param name="content">Newline-delimited JSON.</param>
    /// <param name="where">Named in messages.</param>
    public static List<LogAction> Read(ReadOnlySpan<byte> content, string where)
    {
        var actions = new List<LogAction>();
        var number = 0;
        while (!content.IsEmpty)
        {
            var end = content.IndexOf((byte)'\n');
            var line = end < 0 ? content : content[..end];
            content = end < 0 ? default : content[(end + 1)..];
            number++;
            if (line.Trim(" \r\t"u8).IsEmpty) continue;
            try
            {
                var reader = new Utf8JsonReader(line);
                using var document = JsonDocument.ParseValue(ref reader);
                if (Read(document.RootElement) is { } action) actions.Add(action);
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new LakeException($"Log entry {where}, line {number} is damaged: {e.Message} Restore the file from a backup; the table cannot be read past it.", e);
            }
        }
        return actions;
    }

    /// <summary>The action of one JSON object, or null when this reader does not know it.</summary>
    public static LogAction? Read(JsonElement line)
    {
        foreach (var property in line.EnumerateObject())
        {
            var value = property.Value;
            if (value.ValueKind == JsonValueKind.Object) return Read(property.Name, value);
        }
        return null;
    }

    /// <summary>The action of one kind.</summary>
    public static LogAction Read(string kind, JsonElement value) => kind switch
    {
        "add" => ReadAdd(value),
        "remove" => ReadRemove(value),
        "txn" => new TransactionAction(Text(value, "appId")!, value.GetProperty("version").GetInt64(), Number(value, "lastUpdated")),
        "domainMetadata" => new DomainAction(Text(value, "domain")!, Text(value, "configuration") ?? "", Flag(value, "removed", false)),
        "protocol" => ReadProtocol(value),
        "metaData" => ReadMetadata(value),
        "commitInfo" => new CommitInfoAction(value.Clone()),
        "sidecar" => new SidecarAction(Text(value, "path")!),
        _ => new IgnoredAction(kind),
    };

    private static AddAction ReadAdd(JsonElement e) => new(
        new DataFile(
            Text(e, "path")!,
            NullableMap(e, "partitionValues") ?? ImmutableSortedDictionary<string, string?>.Empty,
            e.GetProperty("size").GetInt64(),
            Number(e, "modificationTime") ?? 0,
            // A checkpoint may keep statistics in columns only.
            Text(e, "stats") ?? (e.TryGetProperty("stats_parsed", out var parsed) && parsed.ValueKind == JsonValueKind.Object ? parsed.GetRawText() : null),
            Map(e, "tags"),
            DeletionVector.Read(e)),
        Flag(e, "dataChange", true));

    private static RemoveAction ReadRemove(JsonElement e) =>
        new(Text(e, "path")!, Number(e, "deletionTimestamp") ?? 0, Flag(e, "dataChange", true), NullableMap(e, "partitionValues"), Number(e, "size"), DeletionVector.Read(e));

    private static ProtocolAction ReadProtocol(JsonElement e) =>
        new(e.GetProperty("minReaderVersion").GetInt32(), e.GetProperty("minWriterVersion").GetInt32(), List(e, "readerFeatures"), List(e, "writerFeatures"));

    private static MetadataAction ReadMetadata(JsonElement e)
    {
        var provider = e.TryGetProperty("format", out var format) ? Text(format, "provider") : "parquet";
        if (provider != "parquet") throw new LakeException($"The table's files have the format '{provider}'; only parquet is read here.");
        return new MetadataAction(
            Text(e, "id") ?? "",
            Text(e, "name"),
            Text(e, "description"),
            SchemaJson.Read(Text(e, "schemaString")!),
            List(e, "partitionColumns") ?? [],
            Map(e, "configuration") ?? ImmutableSortedDictionary<string, string>.Empty,
            Number(e, "createdTime"));
    }

    private static string? Text(JsonElement e, string name) =>
        e.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement e, string name) =>
        e.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    private static bool Flag(JsonElement e, string name, bool missing) =>
        e.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : missing;

    private static ImmutableArray<string>? List(JsonElement e, string name) =>
        e.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(v => v.GetString()!)] : null;

    private static ImmutableSortedDictionary<string, string>? Map(JsonElement e, string name) =>
        NullableMap(e, name)?.Where(p => p.Value is not null).ToImmutableSortedDictionary(p => p.Key, p => p.Value!, StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, string?>? NullableMap(JsonElement e, string name) =>
        e.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().ToImmutableSortedDictionary(p => p.Name, p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString() : null, StringComparer.Ordinal)
            : null;
}
