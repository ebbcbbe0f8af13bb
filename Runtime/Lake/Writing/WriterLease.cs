using System.Text.Json;
using FlowForge.Lake.Files;

namespace FlowForge.Lake.Writing;

/// <summary>
/// A writer's place for unfinished files: a folder and, beside it, a file that is locked while the writer lives. Before anything leaves the folder,
/// the manifest names it, so that a later writer can tell what a dead one left in the table.
/// </summary>
internal sealed class WriterLease : IDisposable
{
    internal const string Ending = ".lease";
    internal const string ManifestName = "manifest.json";

    private readonly FileStream held;
    private readonly string leaseFile;

    public WriterLease(IFileStore store)
    {
        Durable.CreateFolder(store.StagingFolder);
        held = HeldFile.Create(store.StagingFolder, Ending, out leaseFile);
        Id = Path.GetFileNameWithoutExtension(leaseFile);
        Folder = leaseFile[..^Ending.Length];
        Directory.CreateDirectory(Folder);
    }

    /// <summary>Random; part of the names of everything that this writer makes.</summary>
    public string Id { get; }

    /// <summary>Where unfinished files go.</summary>
    public string Folder { get; }

    /// <summary>Notes what is about to be put into the table, durable.</summary>
    /// <param name="baseVersion">The newest version at that time.</param>
    /// <param name="paths">Data and state files.</param>
    /// <param name="placing">The version whose log entry is about to be put where a put may outlive its client; null before that.</param>
    public void WriteManifest(long baseVersion, IReadOnlyList<string> paths, long? placing = null)
    {
        var temporary = Path.Combine(Folder, ManifestName + ".new");
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, new LeaseManifest(baseVersion, [.. paths], placing), WritingJson.Default.LeaseManifest);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, Path.Combine(Folder, ManifestName), overwrite: true);
        Durable.FlushFolder(Folder);
    }

    /// <summary>Leaves what could not be removed to a later writer, who finds the lock free.</summary>
    public void Abandon() => held.Dispose();

    /// <summary>Removes the folder with all that is still in it, then the lock.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        File.Delete(leaseFile);
        held.Dispose();
    }
}

/// <summary>What a writer was about to put into a table after version <paramref name="BaseVersion"/>.</summary>
/// <param name="BaseVersion">The newest version at that time, or an older one.</param>
/// <param name="Paths">Data and state files.</param>
/// <param name="Placing">The version whose entry may be under way to a bucket even when the writer is gone; null when none is.</param>
internal sealed record LeaseManifest(long BaseVersion, List<string> Paths, long? Placing = null);

[System.Text.Json.Serialization.JsonSerializable(typeof(LeaseManifest))]
internal sealed partial class WritingJson : System.Text.Json.Serialization.JsonSerializerContext;
