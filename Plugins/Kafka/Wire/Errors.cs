namespace FlowForge.Plugins.Kafka.Wire;

/// <summary>The protocol's error numbers.</summary>
internal static class Errors
{
    public const short None = 0, OffsetOutOfRange = 1;

    /// <summary>Another broker leads the partition now, or is about to: ask again who.</summary>
    public static bool Moves(short error) => error is 3 or 5 or 6 or 7 or 8 or 9 or 13 or 14 or 15 or 16 or 56 or 74 or 75 or 76 or 78;

    public static string Text(short error) => error switch
    {
        3 => "unknown topic or partition", 5 => "no leader at the moment", 6 => "not the leader", 7 => "the broker timed out", 9 => "replica not available", 13 => "network exception", 14 => "the coordinator loads",
        15 => "no coordinator", 16 => "not the coordinator", 17 => "invalid topic name", 22 => "the group has members of a newer generation", 25 => "the group has members at work", 29 => "not allowed for this topic", 30 => "not allowed for this group",
        35 => "unsupported version", 56 => "storage error", 58 => "login refused", 74 or 75 => "leader epoch", 78 => "offset not available", _ => "error",
    } + $" [{error}]";

    public static Exception From(short error, string what) => error switch
    {
        29 => new TerminalException($"{what}: {Text(error)}.", "Give the login READ and DESCRIBE on the topic."),
        17 => new TerminalException($"{what}: {Text(error)}.", "Correct topic."),
        _ when Moves(error) => new TransientException($"{what}: {Text(error)}."),
        _ => new TerminalException($"{what}: {Text(error)}."),
    };
}
