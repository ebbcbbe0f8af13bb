using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowForge.Notebooks.Sessions.Documents;

/// <summary>The text form of a notebook file, as Jupyter writes it: indented by one space (or as the file was), non-ASCII text as it is, a final line break.</summary>
internal static class NotebookFormat
{
    public static JsonObject Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, null, new JsonDocumentOptions { MaxDepth = 512, AllowDuplicateProperties = false }) as JsonObject
                ?? throw new FormatException("The file is no notebook: its JSON is no object.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"The file is no notebook: it is no JSON (line {e.LineNumber + 1}). {e.Message}", e);
        }
    }

    public static string Write(JsonObject root, int indent)
    {
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions
        {
            Indented = true, IndentSize = indent, NewLine = "\n", MaxDepth = 512,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var json = new Utf8JsonWriter(buffer, options)) root.WriteTo(json);
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    /// <summary>Spaces before the first member.</summary>
    public static int IndentOf(string text)
    {
        var line = text.IndexOf('\n', StringComparison.Ordinal);
        if (line < 0) return 1;
        var spaces = text.AsSpan(line + 1);
        return spaces.Length - spaces.TrimStart(' ').Length is > 0 and <= 8 and var indent ? indent : 1;
    }

    /// <summary>A text that is stored as one string or as a list of lines.</summary>
    public static string Joined(JsonNode? node) => node switch
    {
        JsonArray lines => string.Concat(lines.Select(line => line?.GetValue<string>())),
        JsonValue text when text.TryGetValue<string>(out var value) => value,
        _ => "",
    };

    /// <summary>As a list of lines, each with its line break: diffs stay small.</summary>
    public static JsonArray Lines(string text)
    {
        var lines = new JsonArray();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) is >= 0 and var at ? at + 1 : text.Length;
            lines.Add((JsonNode)text[start..end]);
            start = end;
        }
        return lines;
    }
}
