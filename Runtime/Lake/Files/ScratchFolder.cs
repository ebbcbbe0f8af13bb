namespace FlowForge.Lake.Files;

/// <summary>
/// A folder for one job's temporary files. It goes with its maker; if that was killed, the next one made in the same place takes it away (a locked file beside
/// it tells whether the maker lives).
/// </summary>
public sealed class ScratchFolder : IDisposable
{
    private const string Ending = ".lock";
    private readonly FileStream held;
    private readonly string lockFile;

    /// <summary>Makes a folder with a unique name in <paramref name="parent"/>.</summary>
    public ScratchFolder(string parent)
    {
        System.IO.Directory.CreateDirectory(parent);
        Sweep(parent);
        held = HeldFile.Create(parent, Ending, out lockFile);
        Directory = lockFile[..^Ending.Length];
        System.IO.Directory.CreateDirectory(Directory);
    }

    /// <summary>The folder.</summary>
    public string Directory { get; }

    /// <summary>Removes the folder and what is in it.</summary>
    public void Dispose()
    {
        if (System.IO.Directory.Exists(Directory)) System.IO.Directory.Delete(Directory, recursive: true);
        File.Delete(lockFile);
        held.Dispose();
    }

    private static void Sweep(string parent)
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(parent, "*" + Ending))
        {
            using var taken = HeldFile.TryTake(file);
            if (taken is null || !File.Exists(file)) continue;
            var folder = file[..^Ending.Length];
            if (System.IO.Directory.Exists(folder)) System.IO.Directory.Delete(folder, recursive: true);
            File.Delete(file);
        }
    }
}
