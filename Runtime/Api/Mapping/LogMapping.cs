using FlowForge.Contracts;

namespace FlowForge.Api.Mapping;

/// <summary>Log lines as the API shows them.</summary>
internal static class LogMapping
{
    public static LogEntry ToEntry(Catalog.LogEntry line) => new(line.Id, line.Time, line.Level switch
    {
        Catalog.JobLogLevel.Debug => RunLogLevel.Debug,
        Catalog.JobLogLevel.Info => RunLogLevel.Info,
        Catalog.JobLogLevel.Warning => RunLogLevel.Warning,
        _ => RunLogLevel.Error
    }, line.JobId, line.Message);

    public static Catalog.JobLogLevel ToLevel(RunLogLevel level) => level switch
    {
        RunLogLevel.Debug => Catalog.JobLogLevel.Debug,
        RunLogLevel.Info => Catalog.JobLogLevel.Info,
        RunLogLevel.Warning => Catalog.JobLogLevel.Warning,
        _ => Catalog.JobLogLevel.Error
    };
}
