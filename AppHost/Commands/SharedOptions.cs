using System.CommandLine;

namespace FlowForge.AppHost.Commands;

/// <summary>Options that several commands share.</summary>
internal static class SharedOptions
{
    public static Option<string> Data() => new("--data")
    {
        Description = "Folder that holds all state.", DefaultValueFactory = _ => ".flowforge", HelpName = "DIR"
    };

    public static Option<string[]> FileRoots() => new("--files-root")
    {
        Description = "A further folder that pipelines may read files from. May be repeated.", HelpName = "DIR", DefaultValueFactory = _ => []
    };

    public static Option<bool> Verbose() => new("--verbose") { Description = "Show everything that the services log." };

    public static Argument<FileInfo> Pipeline() => new("pipeline") { Description = "The pipeline file (YAML or JSON)." };

    public static IReadOnlyList<string> Folders(string[]? values) => [.. (values ?? []).Select(Path.GetFullPath)];
}
