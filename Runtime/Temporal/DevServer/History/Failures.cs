namespace FlowForge.Temporal.DevServer.History;

/// <summary>Failures that the server itself makes.</summary>
internal static class Failures
{
    public const string Source = "Server";

    public static Failure Timeout(string message, TimeoutType type, Payloads? heartbeat = null, Failure? cause = null) => new()
    {
        Message = message,
        Source = Source,
        TimeoutFailureInfo = new() { TimeoutType = type, LastHeartbeatDetails = heartbeat },
        Cause = cause,
    };

    public static Failure Server(string message, bool nonRetryable = true) => new()
    {
        Message = message,
        Source = Source,
        ServerFailureInfo = new() { NonRetryable = nonRetryable },
    };

    public static Failure Application(string message, string type, bool nonRetryable = true) => new()
    {
        Message = message,
        Source = Source,
        ApplicationFailureInfo = new() { Type = type, NonRetryable = nonRetryable },
    };
}
