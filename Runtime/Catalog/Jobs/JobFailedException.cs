namespace FlowForge.Catalog;

/// <summary>A job failed in a way that its user understands: this is what is shown.</summary>
public sealed class JobFailedException : Exception
{
    /// <param name="code">Stable, <c>FF2020</c>.</param>
    /// <param name="message">What, where.</param>
    /// <param name="suggestion">What to do.</param>
    /// <param name="transient">True: the same may well succeed later, so the attempt is repeated.</param>
    /// <param name="inner">The cause, for the log.</param>
    public JobFailedException(string code, string message, string? suggestion = null, bool transient = false, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Suggestion = suggestion;
        Transient = transient;
    }

    public string Code { get; }

    public string? Suggestion { get; }

    public bool Transient { get; }

    /// <summary>How long the system asked to be left alone; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>For a job with many tables: what became of each, the good ones among them.</summary>
    public IReadOnlyList<TableOutcome> Tables { get; init; } = [];

    /// <summary>As it is recorded.</summary>
    public RunError ToError() => new(Code, Message, Suggestion);
}
