namespace FlowForge.Plugins;

/// <summary>
/// A failure that trying again will not mend: wrong settings, missing rights, a table that is not there. The run stops
/// and shows <see cref="Exception.Message"/> (what and where) and <see cref="Suggestion"/> (what to do). Other exceptions count as terminal
/// too, save I/O, socket and time-out errors.
/// </summary>
public sealed class TerminalException(string message, string? suggestion = null, Exception? inner = null) : Exception(message, inner)
{
    public string? Suggestion { get; } = suggestion;
}

/// <summary>A failure that may pass: a time-out, a busy server, a rate limit. The runtime tries again.</summary>
public sealed class TransientException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>When the system said how long to wait; otherwise the runtime backs off.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
