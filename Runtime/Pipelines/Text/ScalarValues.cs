using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FlowForge.Pipelines;

/// <summary>What plain scalars mean: YAML 1.2's core rules, but digits with a leading zero stay text (they are keys and codes).</summary>
internal static partial class ScalarValues
{
    public static bool IsInteger(string text) => IntegerForm().IsMatch(text);

    public static bool IsNumber(string text) => NumberForm().IsMatch(text);

    /// <summary>The text with halves of surrogate pairs replaced: JSON, SQL and files could not hold them.</summary>
    public static string WellFormed(string text) => text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') < 0 ? text : string.Concat(text.EnumerateRunes());

    /// <summary>The node as JSON, for settings that the pipeline room does not read itself.</summary>
    public static JsonNode? ToJson(SourceNode node)
    {
        switch (node)
        {
            case MappingNode mapping:
                var json = new JsonObject();
                foreach (var (key, value) in mapping.Entries)
                {
                    json[key.Text] = ToJson(value);
                }
                return json;
            case SequenceNode sequence:
                return new JsonArray([.. sequence.Items.Select(ToJson)]);
            case ScalarNode { IsNull: true }:
                return null;
            case ScalarNode { Style: ScalarStyle.Plain, Text: "true" or "false" } flag:
                return JsonValue.Create(flag.Text == "true");
            case ScalarNode { Style: ScalarStyle.Plain } number when IsInteger(number.Text) && long.TryParse(number.Text, CultureInfo.InvariantCulture, out var whole):
                return JsonValue.Create(whole);
            case ScalarNode { Style: ScalarStyle.Plain } number when IsNumber(number.Text) && !IsInteger(number.Text):
                return double.Parse(number.Text, CultureInfo.InvariantCulture) is var real && double.IsFinite(real) ? JsonValue.Create(real) : JsonValue.Create(number.Text);
            default:
                return JsonValue.Create(((ScalarNode)node).Text);
        }
    }

    [GeneratedRegex(@"^[-+]?(0|[1-9][0-9]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex IntegerForm();

    [GeneratedRegex(@"^[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberForm();
}
