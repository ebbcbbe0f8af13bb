using FlowForge.Lake.Files;

namespace FlowForge.Lake.Writing;

/// <summary>
/// While a COPY writes a file, or files into a folder, lets the disk begin with what is written, so that the flush before the commit has little left to wait for. It makes nothing durable.
/// Folders below are left alone: a partitioned write has hundreds of files. Dispose it when the COPY has ended.
/// </summary>
internal sealed class WriteBehind : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly string folder;
    private readonly string? name;
    private readonly Timer? timer;
    private int busy;

    /// <param name="folder">Where it writes.</param>
    /// <param name="name">The file, when it writes one; null: all in the folder.</param>
    public WriteBehind(string folder, string? name = null)
    {
        (this.folder, this.name) = (folder, name);
        if (OperatingSystem.IsLinux()) timer = new Timer(_ => Look(), null, Interval, Interval);
    }

    private void Look()
    {
        if (Interlocked.Exchange(ref busy, 1) != 0) return;
        try
        {
            foreach (var path in name is null ? Directory.EnumerateFiles(folder) : [Path.Combine(folder, name)])
            {
                using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                Durable.StartFlush(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there yet, or gone: the flush before the commit does it all.
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    public void Dispose() => timer?.Dispose();
}
