namespace FlowForge.Lake.Files;

/// <summary>
/// Files whose lock says that their writer lives: the operating system drops the lock when the process ends, however it ends.
/// </summary>
internal static class HeldFile
{
    // Unix takes a lock for FileShare.None and still lets the file be renamed; Windows needs FileShare.Delete for that and locks anyway.
    private static readonly FileShare Exclusive = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;

    /// <summary>Creates a new file with a unique name and holds it.</summary>
    public static FileStream Create(string folder, string ending, out string path)
    {
        for (var attempt = 0; ; attempt++)
        {
            path = Path.Combine(folder, Guid.NewGuid().ToString("n") + ending);
            FileStream? held = null;
            try
            {
                held = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, Exclusive, bufferSize: 0);
                // A sweep can get the lock between creation and lock, and removes the file then.
                if (File.Exists(path)) return held;
                held.Dispose();
            }
            catch (IOException) when (attempt < 5 && held is null && Directory.Exists(folder) && !File.Exists(path))
            {
                // Swept away; the next name will do.
            }
        }
    }

    /// <summary>Takes over a file whose writer is gone; null while it lives, or when the file is gone.</summary>
    public static FileStream? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, Exclusive, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
