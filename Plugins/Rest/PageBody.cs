using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowForge.Plugins.Rest;

/// <summary>The body of a POST that carries the paging parameters and the watermark, each at a path of names separated by points; a number on the way is a place in a list.</summary>
internal sealed class PageBody
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private readonly JsonObject _body;

    private PageBody(JsonObject body) => _body = body;

    /// <exception cref="TerminalException">The resource is not posted, or its body is no JSON object.</exception>
    public static PageBody Of(ResourceSpec spec)
    {
        if (spec.Method != "POST") throw new TerminalException($"page_in is body, and method is {spec.Method}, which has none.", "Set method: POST, or page_in: query.");
        try
        {
            return new PageBody(JsonNode.Parse(spec.Body ?? "{}", documentOptions: Strict) as JsonObject ?? throw new TerminalException("body is no JSON object, and page_in asks for parameters in it.", "Write an object: {…}."));
        }
        catch (JsonException e)
        {
            throw new TerminalException($"body is no JSON: {e.Message}", "Correct the body.", e);
        }
    }

    /// <summary>As it is to be sent.</summary>
    public string Text => _body.ToJsonString();

    /// <summary>Writes a number, or the text of one where body has text at the path.</summary>
    public void Set(string path, long value) => Set(path, old => IsText(old) ? JsonValue.Create(value.ToString(CultureInfo.InvariantCulture)) : JsonValue.Create(value));

    /// <summary>Writes text; a number where body has one at the path and the text is one.</summary>
    public void Set(string path, string value) =>
        Set(path, old => old?.GetValueKind() == JsonValueKind.Number && IsNumber(value) ? JsonNode.Parse(value) : JsonValue.Create(value));

    /// <summary>Writes a value as an answer had it, whatever kind it is.</summary>
    public void SetJson(string path, string json) => Set(path, _ => JsonNode.Parse(json));

    private void Set(string path, Func<JsonNode?, JsonNode?> value)
    {
        var names = path.Split('.', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0) throw new TerminalException("The path of a parameter in body is empty.", "Name the parameter.");
        JsonNode at = _body;
        for (var i = 0; i < names.Length; i++)
        {
            var (name, isLast) = (names[i], i == names.Length - 1);
            switch (at)
            {
                case JsonObject named when isLast: named[name] = value(named[name]); break;
                case JsonObject named: at = named[name] ?? (named[name] = new JsonObject())!; break;
                case JsonArray list when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < list.Count && (isLast || list[place] is not null):
                    if (isLast) list[place] = value(list[place]);
                    else at = list[place]!;
                    break;
                case JsonArray list: throw new TerminalException($"body has a list of {list.Count} at {Parent(i)}, and {path} asks for its {name}.", "Name an element by its place; the first is 0.");
                default: throw new TerminalException($"body has a single value at {Parent(i)}, and {path} leads through it.", "Correct the path or the body.");
            }
        }

        string Parent(int depth) => string.Join('.', names[..depth]);
    }

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String;

    private static bool IsNumber(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Number;
        }
        catch (JsonException) { return false; }
    }
}
