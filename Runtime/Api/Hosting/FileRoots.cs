using FlowForge.Api.Problems;
using FlowForge.Plugins;

namespace FlowForge.Api.Hosting;

/// <summary>The folders that pipelines may live in and read from. Links are followed before a path is judged. Thread-safe.</summary>
internal sealed class FileRoots
{
    /// <summary>A file by which connectors know the workspace among their allowed roots: uploads lie in it.</summary>
    private const string WorkspaceMark = ".flowforge-workspace";
    private readonly Roots real;

    public FileRoots(RuntimeSettings settings)
    {
        Workspace = settings.Workspace;
        Directory.CreateDirectory(Workspace);
        var mark = Path.Combine(Workspace, WorkspaceMark);
        if (!File.Exists(mark)) File.WriteAllText(mark, "");
        Roots = settings.FileRoots;
        real = new Roots(Roots);
    }

    /// <summary>Base directory of pipelines that name none.</summary>
    public string Workspace { get; }

    public IReadOnlyList<string> Roots { get; }

    /// <summary>The folder with its links resolved, when it lies in a root; otherwise refuses.</summary>
    public string Allow(string folder)
    {
        if (!Path.IsPathFullyQualified(folder))
            throw ProblemException.Bad("FF4040", $"baseDirectory is '{folder}'; it must be an absolute path.");
        var path = Real(folder);
        if (!real.Contains(path))
            throw new ProblemException(StatusCodes.Status403Forbidden, "FF4041", "Folder not allowed",
                $"Pipelines may not use the folder {folder}. Allowed: {string.Join(", ", Roots)}.", "Start the environment with --files-root DIR to allow it.");
        return Directory.Exists(path) ? path : throw ProblemException.Bad("FF4042", $"The folder {folder} does not exist.");
    }

    private static string Real(string folder)
    {
        try { return FlowForge.Plugins.Roots.RealPath(Path.GetFullPath(folder)); }
        catch (TerminalException circle) { throw ProblemException.Bad("FF4042", $"{circle.Message} {circle.Suggestion}"); }
    }
}
