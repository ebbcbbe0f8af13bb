using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace FlowForge.ServiceDefaults;

/// <summary>
/// One line per event, for people and for the AppHost that merges the lines of all services: <c>07:40:12.123 info Ingest.IngestRunner message</c>.
/// What belongs to an event but needs more lines (an exception) is indented under it. Times are UTC.
/// </summary>
internal sealed class LogLineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "flowforge";
    private static readonly SearchValues<char> Unprintable = SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(c => char.IsControl(c) && c is not ('\n' or '\t'))]);

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(DateTime.UtcNow.ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write(Word(logEntry.LogLevel));
        textWriter.Write(' ');
        textWriter.Write(logEntry.Category.StartsWith("FlowForge.", StringComparison.Ordinal) ? logEntry.Category[10..] : logEntry.Category);
        textWriter.Write(' ');
        textWriter.Write(Indented(message));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write("\n    ");
            textWriter.Write(Indented(exception.ToString()));
        }
        textWriter.Write('\n');
    }

    private static string Indented(string text)
    {
        if (text.Contains('\n', StringComparison.Ordinal)) text = text.ReplaceLineEndings("\n").Replace("\n", "\n    ", StringComparison.Ordinal);
        // Names of files and what servers say may hold what moves a terminal's cursor.
        return text.AsSpan().IndexOfAny(Unprintable) < 0 ? text : string.Concat(text.Select(c => Unprintable.Contains(c) ? '\uFFFD' : c));
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit"
    };
}
