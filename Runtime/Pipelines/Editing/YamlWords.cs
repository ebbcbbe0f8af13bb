using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>Writes values as YAML as a person would: plain words where they are safe, mappings as blocks, short lists in brackets.</summary>
internal static partial class YamlWords
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The lines of an entry, indented.</summary>
    /// <param name="comment">Put behind the key's line; with its <c>#</c>.</param>
    public static IEnumerable<string> Entry(string key, JsonNode? value, int indent, string anchor = "", string? comment = null)
    {
        var head = new string(' ', indent) + Word(key) + ":" + (anchor.Length > 0 ? " " + anchor : "");
        var tail = comment is null ? "" : "  " + comment;
        switch (value)
        {
            case JsonObject { Count: > 0 } mapping:
                yield return head + tail;
                foreach (var (name, item) in mapping)
                {
                    foreach (var line in Entry(name, item, indent + 2)) yield return line;
                }
                break;
            case JsonArray list when list.Any(i => i is JsonObject):
                yield return head + tail;
                foreach (var item in list) yield return new string(' ', indent + 2) + "- " + Flow(item);
                break;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String && IsBlock(text.GetValue<string>()):
                var content = text.GetValue<string>();
                yield return head + (content.EndsWith('\n') ? " |" : " |-") + tail;
                foreach (var line in content.TrimEnd('\n').Split('\n')) yield return line.Length == 0 ? "" : new string(' ', indent + 2) + line;
                break;
            default:
                yield return head + " " + Flow(value) + tail;
                break;
        }
    }

    /// <summary>The value on one line.</summary>
    public static string Flow(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject { Count: 0 } => "{}",
        JsonObject mapping => "{ " + string.Join(", ", mapping.Select(p => $"{Word(p.Key)}: {Flow(p.Value)}")) + " }",
        JsonArray list => "[" + string.Join(", ", list.Select(Flow)) + "]",
        JsonValue text when text.GetValueKind() == JsonValueKind.String => Word(text.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    private static string Word(string text) =>
        Safe().IsMatch(text) && !Special().IsMatch(text) ? text
        : text.Any(char.IsControl) || text.Length == 0 ? JsonSerializer.Serialize(text, Readable)
        : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static bool IsBlock(string text) =>
        text.Contains('\n', StringComparison.Ordinal) && !char.IsWhiteSpace(text[0]) && !text.EndsWith("\n\n", StringComparison.Ordinal) && !text.Any(c => char.IsControl(c) && c is not '\n');

    [GeneratedRegex(@"^[A-Za-z_/][A-Za-z0-9_./*+-]*( [A-Za-z0-9_./*+-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Safe();

    // Also what older readers of YAML take for a boolean or nothing.
    [GeneratedRegex(@"^(null|true|false|yes|no|on|off|y|n)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Special();
}
