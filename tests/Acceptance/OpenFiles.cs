using System.Text.RegularExpressions;

namespace FlowForge.Acceptance.Tests;

/// <summary>What shows that a reader is in the middle, and lets it go on afterwards.</summary>
internal interface IDoor
{
    /// <summary>Whether a reader is in the middle now.</summary>
    bool Holds { get; }

    void Open();
}

/// <summary>
/// Files of this machine, which no gate can stand before: a reader is in the middle while the runtime has one of them open. The test makes the read long, so that it is not over when the kill comes, and what it reads short again.
/// </summary>
/// <param name="environment">Whose runtime.</param>
/// <param name="files">Of their whole paths.</param>
/// <param name="opened">Called after the kill, before the runtime is up again.</param>
internal sealed class OpenFiles(RunningEnvironment environment, Regex files, Action? opened = null) : IDoor
{
    public bool Holds
    {
        get
        {
            try { return AppHostProcess.ProcessesOf(environment.DataFolder, "FlowForge.Api").SelectMany(p => Directory.EnumerateFiles($"/proc/{p}/fd")).Any(f => File.ResolveLinkTarget(f, false) is { } file && files.IsMatch(file.FullName)); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return false; /* closed, or ended, while we looked */ }
        }
    }

    public void Open() => opened?.Invoke();
}
