using System.CommandLine;

namespace FlowForge.AppHost.Commands;

/// <summary>Options that all commands share: they may stand before a command's name or behind it.</summary>
internal static class SharedOptions
{
    public static readonly Option<string> Data = new("--data")
    {
        Description = "Folder that holds all state.", DefaultValueFactory = _ => ".flowforge", HelpName = "DIR", Recursive = true
    };

    public static readonly Option<string[]> FileRoots = new("--files-root")
    {
        Description = "A further folder that pipelines may read files from. May be repeated.", HelpName = "DIR", DefaultValueFactory = _ => [], Recursive = true
    };

    public static readonly Option<bool> Verbose = new("--verbose") { Description = "Show everything that the services log.", Recursive = true };

    public static Argument<FileInfo> Pipeline() => new("pipeline") { Description = "The pipeline file (YAML or JSON)." };

    public static IReadOnlyList<string> Folders(string[]? values) => [.. (values ?? []).Select(Path.GetFullPath)];
}
