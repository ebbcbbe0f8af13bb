using System.Text.Json;
using FlowForge.Workbench.Parts;

namespace FlowForge.Workbench.Catalog;

/// <summary>One value as a grid shows it.</summary>
internal static class CellText
{
    private const int Longest = 400;

    /// <summary>Null stays null: the grid has its own sign for it.</summary>
    public static string? Of(JsonElement value, string family)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null or JsonValueKind.Undefined:
                return null;
            case JsonValueKind.String:
                var text = value.GetString()!;
                return family == "time" ? Time(text) : Cut(text);
            case JsonValueKind.Number:
                // No thousands separator: years and identifiers are numbers too, and what is copied should be the value.
                return value.GetRawText();
            default:
                return Cut(value.GetRawText());
        }
    }

    /// <summary><c>2001-01-14T21:55:00</c> reads better with a space; the value itself is not converted.</summary>
    private static string Time(string text) => text.Length > 10 && text[10] == 'T' ? string.Concat(text.AsSpan(0, 10), " ", text.AsSpan(11)) : text;

    private static string Cut(string text) => text.Length <= Longest ? text : text[..Longest] + "…";
}
