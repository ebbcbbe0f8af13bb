namespace FlowForge.Ingest.Formats;

/// <summary>A file cannot be read as what it should be: it is rejected as a whole, other files of the job go on.</summary>
internal sealed class UnreadableFileException(string reason, string message, string? suggestion = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Reason code of the reject.</summary>
    public string Reason { get; } = reason;
    public string? Suggestion { get; } = suggestion;
}
