using System.Globalization;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary>Times as they are typed.</summary>
internal static class Intervals
{
    /// <returns>Null when neither end is given.</returns>
    /// <exception cref="CliException">Only one end is given, or a text is no time.</exception>
    public static DataInterval? Read(string? from, string? to) => (from, to) switch
    {
        (null, null) => null,
        ({ } start, { } end) => new DataInterval(Time("--from", start), Time("--to", end)),
        _ => throw new CliException("An interval has two ends.", "Give --from and --to."),
    };

    public static DateTimeOffset Time(string option, string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime()
            : throw new CliException($"{option} is '{text}', which is no time.", "Write 2024-05-17 or 2024-05-17T02:00:00+02:00.");
}
