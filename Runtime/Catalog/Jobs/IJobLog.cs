namespace FlowForge.Catalog;

/// <summary>Levels of a run's log.</summary>
public enum JobLogLevel { Debug, Info, Warning, Error }

/// <summary>The log of one job run, as people read it. Thread-safe, never throws, never blocks for long.</summary>
public interface IJobLog
{
    void Write(JobLogLevel level, string message);
}

/// <summary>Short forms.</summary>
public static class JobLogExtensions
{
    public static void Debug(this IJobLog log, string message) => log.Write(JobLogLevel.Debug, message);

    public static void Info(this IJobLog log, string message) => log.Write(JobLogLevel.Info, message);

    public static void Warning(this IJobLog log, string message) => log.Write(JobLogLevel.Warning, message);

    public static void Error(this IJobLog log, string message) => log.Write(JobLogLevel.Error, message);
}
