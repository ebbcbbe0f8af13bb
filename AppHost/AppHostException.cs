namespace FlowForge.AppHost;

/// <summary>Something that the user can mend: printed as two lines, without a stack trace, with exit code 1.</summary>
internal sealed class AppHostException(string message, string suggestion) : Exception(message)
{
    /// <summary>What to do.</summary>
    public string Suggestion { get; } = suggestion;
}
