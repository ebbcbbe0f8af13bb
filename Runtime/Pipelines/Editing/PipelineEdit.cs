using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>Reads and changes single parts of a pipeline's text, for forms: what they do not touch stays as it is, comments too. Pure.</summary>
public static class PipelineEdit
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The whole text as JSON: aliases and merge keys resolved, unknown fields kept.</summary>
    /// <exception cref="FormatException">The text is no YAML or JSON; the message says where.</exception>
    public static JsonObject Read(string text, PipelineFormat? format) => (JsonObject)ScalarValues.ToJson(Root(text, format))!;

    /// <summary>The text with other values in it.</summary>
    /// <param name="want">The parts that change. In the first <paramref name="depth"/> levels, entries that are not named stay and those that are null go; below, a value takes the place of the old one whole.</param>
    /// <exception cref="FormatException">The text is no YAML or JSON, or cannot be changed by a form.</exception>
    public static string Write(string text, PipelineFormat? format, JsonObject want, int depth)
    {
        if (text.AsSpan().TrimStart('\uFEFF').IsWhiteSpace()) return string.Concat(want.SelectMany(p => YamlWords.Entry(p.Key, p.Value, 0)).Select(l => l + "\n"));
        var root = Root(text, format);
        var wanted = YamlEdit.Merged((JsonObject)ScalarValues.ToJson(root)!, want, depth);
        if (format == PipelineFormat.Json || (format is null && text.AsSpan().TrimStart().StartsWith("{") && IsJson(text))) return wanted.ToJsonString(Readable) + "\n";
        var changed = YamlEdit.Apply(text.TrimStart('\uFEFF'), root, want, depth);
        // Whatever the text was like: nothing is handed out that does not say exactly what was wanted.
        JsonNode? said;
        try { said = ScalarValues.ToJson(Root(changed, PipelineFormat.Yaml)); }
        catch (FormatException e) { throw new FormatException($"The text cannot be changed here: {e.Message}", e); }
        return YamlEdit.Same(said, wanted) ? changed : throw new FormatException("The text cannot be changed here without touching other parts of it. Change it in the YAML.");
    }

    private static MappingNode Root(string text, PipelineFormat? format)
    {
        var diagnostics = new DiagnosticList();
        return SourceText.Read(text, format, diagnostics) ?? throw new FormatException(diagnostics.Ordered() is [var first, ..] ? $"Line {first.Line ?? 1}: {first.Message}" : "The text is empty.");
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var _ = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
