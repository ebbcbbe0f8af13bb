namespace FlowForge.AppHost.Hosting;

/// <summary>
/// Where the build puts things: <c>ROOT/artifacts/bin/PROJECT/CONFIGURATION/FlowForge.PROJECT.dll</c>. Everything is found from this
/// program's own folder, so a moved or copied clone works.
/// </summary>
internal sealed class ArtifactsLayout
{
    private readonly DirectoryInfo own;

    private ArtifactsLayout(string folder) => own = new DirectoryInfo(folder.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>The layout that this process was started from.</summary>
    public static ArtifactsLayout Current { get; } = new(AppContext.BaseDirectory);

    /// <summary>Root of the repository.</summary>
    public string Root => own.Parent?.Parent?.Parent?.Parent?.FullName
                          ?? throw new AppHostException($"The AppHost lies in {own.FullName}, not in artifacts/bin/AppHost/<configuration>.",
                              "Start it with: dotnet run --project AppHost");

    /// <summary>The demo workspace.</summary>
    public string Demo => Path.Combine(Root, "AppHost", "demo");

    public string AssemblyOf(string project)
    {
        var file = Path.Combine(Root, "artifacts", "bin", project, own.Name, $"FlowForge.{project}.dll");
        return File.Exists(file) ? file
            : throw new AppHostException($"{project} is not built: {file} does not exist.", "Build it with: dotnet build AppHost");
    }
}
