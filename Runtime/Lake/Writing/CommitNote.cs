using System.Globalization;
using System.Text.Json;
using FlowForge.Lake.Log;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>The <c>commitInfo</c> of commits that do not come from a plan.</summary>
internal static class CommitNote
{
    public static CommitInfoAction Restore(long milliseconds, long version, long readVersion, string id, IReadOnlyDictionary<string, string> info) =>
        Of("RESTORE", milliseconds, [("version", version.ToString(CultureInfo.InvariantCulture))], readVersion, id, info);

    public static CommitInfoAction Of(string operation, long milliseconds, IReadOnlyList<(string Name, string Value)> parameters, long readVersion, string id, IReadOnlyDictionary<string, string> info)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, SchemaJson.Compact))
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp", milliseconds);
            json.WriteString("operation", operation);
            json.WriteStartObject("operationParameters");
            foreach (var (name, value) in parameters) json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteNumber("readVersion", readVersion);
            json.WriteBoolean("isBlindAppend", false);
            json.WriteString("engineInfo", "FlowForge");
            json.WriteString("txnId", id);
            json.WriteStartObject("flowforge");
            foreach (var (key, value) in info) json.WriteString(key, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        using var document = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
        return new CommitInfoAction(document.RootElement.Clone());
    }
}
