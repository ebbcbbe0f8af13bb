using System.Globalization;
using FlowForge.Lake.Files;

namespace FlowForge.Lake.Maintenance;

/// <summary>A held version: a locked file under <c>_flowforge/leases</c> whose name begins with the version. The lock goes with the process.</summary>
internal sealed class VersionLease : IDisposable
{
    /// <summary>The folder with the leases, under <c>_flowforge</c>.</summary>
    public const string FolderName = "leases";
    private readonly FileStream held;
    private readonly string path;

    public VersionLease(IFileStore files, long version)
    {
        var folder = Folder(files);
        Durable.CreateFolder(folder);
        held = HeldFile.Create(folder, string.Create(CultureInfo.InvariantCulture, $".{version}"), out path);
    }

    /// <summary>Versions that a living process holds; what dead ones left is removed.</summary>
    public static IReadOnlySet<long> Held(IFileStore files)
    {
        var versions = new HashSet<long>();
        var folder = new DirectoryInfo(Folder(files));
        if (!folder.Exists) return versions;
        foreach (var file in folder.EnumerateFiles())
        {
            using var taken = HeldFile.TryTake(file.FullName);
            if (taken is not null) file.Delete();
            else if (file.Exists && long.TryParse(file.Extension.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var version)) versions.Add(version);
        }
        return versions;
    }

    public void Dispose()
    {
        File.Delete(path);
        held.Dispose();
    }

    private static string Folder(IFileStore files) => Path.Combine(Path.GetDirectoryName(files.StagingFolder)!, FolderName);
}
