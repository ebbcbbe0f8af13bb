using System.Globalization;
using FlowForge.Contracts;

namespace FlowForge.Cli.Output;

/// <summary>Single lines as the tool writes them.</summary>
internal static class Lines
{
    public static void Error(string message, string? suggestion)
    {
        Console.Error.WriteLine("error: " + message);
        if (suggestion is not null)
            Console.Error.WriteLine("  " + suggestion);
    }

    /// <summary>As compilers print them: <c>file:line:column: error FF1203 path: message</c>; without a file, what is known of the place stands behind the path.</summary>
    public static void Diagnostics(TextWriter writer, string file, IEnumerable<DiagnosticEntry> diagnostics)
    {
        foreach (var d in diagnostics)
        {
            var at = d.Line is not { } line ? "" : d.Column is { } column ? string.Create(CultureInfo.InvariantCulture, $":{line}:{column}") : string.Create(CultureInfo.InvariantCulture, $":{line}");
            var path = file.Length == 0 && d.Path.Length > 0 && d.Column is not null ? d.Path + at : d.Path;
            writer.WriteLine($"{(file.Length > 0 ? file + at + ": " : "")}{d.Level.ToString().ToLowerInvariant()} {d.Code}{(path.Length > 0 ? " " + path : "")}: {d.Message}");
            if (!string.IsNullOrEmpty(d.Suggestion))
                writer.WriteLine("    " + d.Suggestion);
        }
    }

    public static string Log(LogEntry line) =>
        $"{Time(line.Time)}  {line.Level.ToString().ToLowerInvariant(),-7}  {line.Job ?? "run"}  {line.Message}";

    public static string Time(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "";

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    public static string Seconds(double? seconds) => seconds?.ToString("0.0", CultureInfo.InvariantCulture) ?? "";

    public static string State(RunSummary run) => run.Paused ? "paused" : Word(run.State);

    public static string Interval(DataInterval? interval) => interval is null ? "" : $"{Time(interval.Start)} to {Time(interval.End)}";

    public static string Word(Enum value) => value.ToString().ToLowerInvariant();
}
