namespace FlowForge.Contracts;

/// <summary>
/// One server-sent event. <c>run</c> and <c>job</c> carry the whole present state (the last one wins, so a missed event does no harm);
/// <c>log</c> carries one line; <c>ready</c> comes first after every (re)connection: a screen that shows a list reloads it then;
/// <c>end</c> closes the stream of a run that is final.
/// </summary>
/// <param name="Type"><c>ready</c>, <c>run</c>, <c>job</c>, <c>log</c> or <c>end</c>.</param>
/// <param name="RunId">The run it is about; empty for <c>ready</c> on the stream of all runs.</param>
public sealed record RunEvent(string Type, string RunId)
{
    public const string Ready = "ready";
    public const string RunChanged = "run";
    public const string JobChanged = "job";
    public const string Logged = "log";
    public const string End = "end";

    public RunSummary? Run { get; init; }
    public JobRun? Job { get; init; }
    public LogEntry? Log { get; init; }
}
