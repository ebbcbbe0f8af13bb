using System.Text.Json;

namespace FlowForge.Lake.Log;

/// <summary>Makes a line of the history out of a log entry.</summary>
internal static class HistoryReader
{
    public static TableVersion Read(long version, List<LogAction> actions)
    {
        var info = actions.OfType<CommitInfoAction>().FirstOrDefault()?.Content;
        var added = actions.OfType<AddAction>().ToList();
        return new TableVersion
        {
            Version = version,
            Committed = Committed(actions),
            Operation = Text(info, "operation"),
            RunId = Info(info).GetValueOrDefault("run"),
            Info = Info(info),
            FilesAdded = added.Count,
            FilesRemoved = actions.OfType<RemoveAction>().Count(),
            RowsAdded = added.Sum(a => a.File.Rows ?? 0),
            BytesAdded = added.Sum(a => a.File.Bytes),
            SchemaChanged = actions.OfType<MetadataAction>().Any(),
        };
    }

    /// <summary>The random id that the writer gave its transaction, when it noted one.</summary>
    public static string? TransactionId(List<LogAction> actions) => Text(actions.OfType<CommitInfoAction>().FirstOrDefault()?.Content, "txnId");

    /// <summary>When an entry was committed, UTC: as its writer says, else as its files say.</summary>
    public static DateTimeOffset Committed(IReadOnlyList<LogAction> actions)
    {
        if (actions.OfType<CommitInfoAction>().FirstOrDefault()?.Content is { } content && content.TryGetProperty("timestamp", out var time) && time.TryGetInt64(out var milliseconds))
            return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        var newest = actions.Select(a => a switch { AddAction add => add.File.ModifiedMilliseconds, RemoveAction remove => remove.DeletionTimestamp, _ => 0 }).DefaultIfEmpty().Max();
        return DateTimeOffset.FromUnixTimeMilliseconds(newest);
    }

    private static Dictionary<string, string> Info(JsonElement? info) =>
        info is { } content && content.TryGetProperty("flowforge", out var own) && own.ValueKind == JsonValueKind.Object
            ? own.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String).ToDictionary(p => p.Name, p => p.Value.GetString()!)
            : [];

    private static string? Text(JsonElement? element, string name) =>
        element is { } content && content.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
