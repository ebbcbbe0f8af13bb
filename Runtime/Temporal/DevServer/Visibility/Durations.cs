using System.Globalization;

namespace FlowForge.Temporal.DevServer.Visibility;

/// <summary>Durations as queries write them: nanoseconds, Go's form (1h30m), or hh:mm:ss.</summary>
internal static class Durations
{
    public static long? Nanoseconds(string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var plain))
        {
            return plain;
        }
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParseExact(text, ["h\\:mm\\:ss", "hh\\:mm\\:ss"], CultureInfo.InvariantCulture, out var clock) ? clock.Ticks * 100 : null;
        }
        var total = 0.0;
        var number = "";
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i]) || text[i] == '.')
            {
                number += text[i];
                continue;
            }
            var unit = text.AsSpan(i);
            var (factor, length) = unit switch
            {
                _ when unit.StartsWith("ns") => (1.0, 2),
                _ when unit.StartsWith("us") => (1e3, 2),
                _ when unit.StartsWith("ms") => (1e6, 2),
                _ when unit.StartsWith("s") => (1e9, 1),
                _ when unit.StartsWith("m") => (60e9, 1),
                _ when unit.StartsWith("h") => (3600e9, 1),
                _ when unit.StartsWith("d") => (86400e9, 1),
                _ => (0.0, 0),
            };
            if (length == 0 || !double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var n))
            {
                return null;
            }
            total += n * factor;
            number = "";
            i += length - 1;
        }
        return number.Length == 0 ? (long)total : null;
    }
}
