using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;

namespace FlowForge.Orchestration.Notebooks;

/// <summary>The notebooks that runs have executed, with their parameters and outputs: of each job the newest attempt. Thread-safe.</summary>
/// <param name="folder">Made when needed.</param>
public sealed class ExecutedNotebooks(string folder)
{
    private readonly Lazy<NotebookFolder> _folder = new(() => new NotebookFolder(folder));

    /// <summary>Puts a job's copy in the place of the one that is there.</summary>
    public void Keep(string runId, string jobId, NotebookDocument document) => _folder.Value.Write(Path(runId, jobId), document);

    /// <summary>A job's copy; null when it has none.</summary>
    /// <exception cref="FormatException">The file is broken.</exception>
    public NotebookDocument? Find(string runId, string jobId) =>
        NotebookPath.TryParse($"{runId}/{jobId}", out var path) is null && _folder.Value.Exists(path) ? _folder.Value.Read(path) : null;

    /// <summary>Jobs of a run that have a copy.</summary>
    public IReadOnlyList<string> JobsOf(string runId)
    {
        var own = System.IO.Path.Combine(folder, runId);
        return NotebookPath.TryParse(runId, out _) is null && !runId.Contains('/', StringComparison.Ordinal) && Directory.Exists(own)
            ? [.. Directory.EnumerateFiles(own, "*" + NotebookPath.Extension).Select(f => System.IO.Path.GetFileName(f)[..^NotebookPath.Extension.Length]).Order(StringComparer.Ordinal)] : [];
    }

    private static NotebookPath Path(string runId, string jobId) => NotebookPath.Parse($"{runId}/{jobId}");
}
