namespace FlowForge.Cli;

/// <summary>Something that the user can mend; printed without a stack trace, exit code 1.</summary>
internal sealed class CliException(string message, string suggestion) : Exception(message)
{
    public string Suggestion { get; } = suggestion;
}
