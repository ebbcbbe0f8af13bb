namespace FlowForge.Conformance.Tests.Support;

/// <summary>Where things of the repository are, and folders that vanish after a test.</summary>
internal static class TestFiles
{
    public static string Repository { get; } = FindRepository();

    public static string TypeScript => Path.Combine(Repository, "tests", "Conformance", "ts");

    public static string ServerAssembly =>
        Path.Combine(Repository, "artifacts", "bin", "Temporal.DevServer", Configuration, "FlowForge.Temporal.DevServer.dll");

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Name;

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FlowForge.sln")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException($"No FlowForge.sln above {AppContext.BaseDirectory}.");
    }
}

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("flowforge-conformance-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
