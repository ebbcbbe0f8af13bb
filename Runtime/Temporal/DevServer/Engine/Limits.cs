namespace FlowForge.Temporal.DevServer.Engine;

/// <summary>The real server's default limits.</summary>
internal static class Limits
{
    public const int BlobBytes = 2 * 1024 * 1024;
    public const int MemoBytes = 2 * 1024 * 1024;
    public const int HistoryEvents = 51_200;
    public const long HistoryBytes = 50L * 1024 * 1024;
    public const int WarnHistoryEvents = 10_240;
    public const long WarnHistoryBytes = 10L * 1024 * 1024;
    public const int SuggestContinueAsNewEvents = 4_096;
    public const long SuggestContinueAsNewBytes = 4L * 1024 * 1024;
    public const int IdLength = 1000;
    public const int PendingActivities = 2_000;
    public const int PendingChildren = 2_000;
    public const int PendingSignals = 2_000;
    public const int PendingCancels = 2_000;
    public const int UpdatesInFlight = 10;
    public const int UpdatesTotal = 2_000;
    public const int SignalsPerRun = 10_000;
    public const int HistoryPageEvents = 256;
    public static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan TaskPoll = TimeSpan.FromSeconds(60);
}
