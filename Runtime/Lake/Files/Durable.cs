using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FlowForge.Lake.Files;

/// <summary>
/// What .NET's file API leaves out: a hard link that never replaces, and fsync of a folder (a new name is durable only when its folder is).
/// </summary>
public static partial class Durable
{
    private const int NoSuchFile = 2;
    private const int FileExists = 17;
    private const uint StartWriting = 2;

    /// <summary>Gives <paramref name="source"/> the name <paramref name="target"/> unless that name is taken; the source name goes away.</summary>
    internal static bool MoveWithoutReplace(string source, string target)
    {
        if (OperatingSystem.IsWindows()) return MoveOnWindows(source, target);
        if (Link(source, target) == 0)
        {
            File.Delete(source);
            return true;
        }
        var error = Marshal.GetLastPInvokeError();
        if (error == FileExists) return false;
        if (error == NoSuchFile) throw new FileNotFoundException($"'{source}' is gone.", source);
        throw new IOException($"'{target}' cannot be linked from '{source}': {Marshal.GetPInvokeErrorMessage(error)}. " +
            "The lake needs a file system with hard links; move the data folder to a local disk.");
    }

    /// <summary>Gives a file that nobody changes a second name; copies it where that cannot be (another disk).</summary>
    internal static void LinkOrCopy(string source, string target)
    {
        if (OperatingSystem.IsWindows() || Link(source, target) != 0) File.Copy(source, target);
    }

    /// <summary>Flushes a file's content to the disk.</summary>
    internal static void FlushFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Asks the disk to take what was written to a file so far, and waits for nothing: a flush that comes later then has little left to do. It makes nothing durable, and where a system
    /// cannot do it nothing happens.
    /// </summary>
    public static void StartFlush(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux()) _ = SyncFileRange(file, 0, 0, StartWriting);
    }

    /// <summary>Flushes a folder's names to the disk. Windows does this by itself.</summary>
    internal static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(folder, 0);
        if (descriptor < 0) throw new IOException($"Folder '{folder}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        try
        {
            // EINVAL and ENOTSUP come from file systems that have nothing to flush.
            if (Fsync(descriptor) != 0 && Marshal.GetLastPInvokeError() is not (22 or 95))
                throw new IOException($"Folder '{folder}' cannot be flushed to the disk: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Creates the folder and makes each new name on the way durable.</summary>
    internal static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder)) return;
        var parent = Path.GetDirectoryName(folder);
        if (!string.IsNullOrEmpty(parent)) CreateFolder(parent);
        Directory.CreateDirectory(folder);
        if (!string.IsNullOrEmpty(parent)) FlushFolder(parent);
    }

    private static bool MoveOnWindows(string source, string target)
    {
        try
        {
            File.Move(source, target, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(target))
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string source, string target);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long bytes, uint flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
