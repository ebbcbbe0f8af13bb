using System.Text.RegularExpressions;

namespace FlowForge.AppHost.Output;

/// <summary>Weight of a line in the merged log.</summary>
internal enum LineLevel { Debug, Info, Warning, Error }

/// <summary>A line as ServiceDefaults' formatter writes it: <c>07:40:12.123 info Category message</c>.</summary>
internal readonly partial record struct LogLine(string? Time, LineLevel Level, string Text)
{
    /// <summary>Anything that is not in our format is an error if it looks like an unhandled exception, and information otherwise.</summary>
    public static LogLine Parse(string line)
    {
        var match = Format().Match(line);
        if (!match.Success)
            return new LogLine(null, line.StartsWith("Unhandled exception", StringComparison.Ordinal) ? LineLevel.Error : LineLevel.Info, line);
        var level = match.Groups["level"].ValueSpan switch
        {
            "trce" or "dbug" => LineLevel.Debug,
            "info" => LineLevel.Info,
            "warn" => LineLevel.Warning,
            _ => LineLevel.Error
        };
        return new LogLine(match.Groups["time"].Value, level, match.Groups["text"].Value);
    }

    /// <summary>True for the further lines of an event, which its first line's level holds for.</summary>
    public static bool Continues(string line) => line.StartsWith(' ') || line.StartsWith("--- End of", StringComparison.Ordinal);

    [GeneratedRegex(@"^(?<time>\d\d:\d\d:\d\d\.\d{3}) (?<level>trce|dbug|info|warn|fail|crit) (?<text>.*)$")]
    private static partial Regex Format();
}
