using System.Globalization;

namespace FlowForge.Pipelines;

/// <summary>Durations as people write them: <c>500ms 30s 5m 2h 1d</c>.</summary>
public static class Durations
{
    /// <summary>As the JSON Schema has it too.</summary>
    internal const string Pattern = "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$";

    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <summary>Null when the text is no duration, or is longer than 366 days.</summary>
    public static TimeSpan? Parse(string text)
    {
        foreach (var (unit, seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * seconds <= 366 * 86400.0)
            {
                return TimeSpan.FromSeconds(number * seconds);
            }
        }
        return null;
    }

    /// <summary>Reads a field of a section.</summary>
    internal static TimeSpan Read(SectionReader section, string field, TimeSpan fallback)
    {
        if (section.Text(field) is not { } text)
        {
            return fallback;
        }
        if (Parse(text) is { } duration)
        {
            return duration;
        }
        section.Add(DiagnosticCodes.InvalidDuration, field, $"'{text}' is no duration.", "Write a number with ms, s, m, h or d: 30s, 5m, 2h.");
        return fallback;
    }
}
