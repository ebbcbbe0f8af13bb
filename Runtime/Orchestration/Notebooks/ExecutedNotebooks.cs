using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Files;

namespace FlowForge.Orchestration.Notebooks;

/// <summary>An executed copy as a file.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="At">When it was written last, UTC.</param>
public sealed record ExecutedCopy(string Run, string Job, long Bytes, DateTimeOffset At);

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

    /// <summary>All copies, without reading them.</summary>
    public IReadOnlyList<ExecutedCopy> All() => !Directory.Exists(folder) ? [] :
        [.. new DirectoryInfo(folder).EnumerateDirectories().Where(d => d.Name[0] != '.').SelectMany(d => d.EnumerateFiles("*" + NotebookPath.Extension).Where(f => f.Name[0] != '.').Select(f =>
            new ExecutedCopy(d.Name, f.Name[..^NotebookPath.Extension.Length], f.Length, f.LastWriteTimeUtc)))];

    /// <summary>Removes a copy, unless it was written anew since it was listed.</summary>
    public void Remove(ExecutedCopy copy)
    {
        var file = new FileInfo(System.IO.Path.Combine(folder, copy.Run, copy.Job + NotebookPath.Extension));
        if (!file.Exists || file.LastWriteTimeUtc != copy.At.UtcDateTime) return;
        file.Delete();
        try
        {
            Directory.Delete(file.DirectoryName!);
        }
        catch (IOException)
        {
            // Other jobs of the run have copies still.
        }
    }

    private static NotebookPath Path(string runId, string jobId) => NotebookPath.Parse($"{runId}/{jobId}");
}
