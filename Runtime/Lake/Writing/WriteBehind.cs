using FlowForge.Lake.Files;

namespace FlowForge.Lake.Writing;

/// <summary>
/// While a COPY writes files into a folder, lets the disk begin with what is written, so that the flush before the commit has little left to wait for. It makes nothing durable. Folders
/// below are left alone: a partitioned write has hundreds of files. Dispose it when the COPY has ended.
/// </summary>
internal sealed class WriteBehind : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly string folder;
    private readonly Timer? timer;
    private int busy;

    public WriteBehind(string folder)
    {
        this.folder = folder;
        if (OperatingSystem.IsLinux()) timer = new Timer(_ => Look(), null, Interval, Interval);
    }

    private void Look()
    {
        if (Interlocked.Exchange(ref busy, 1) != 0) return;
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder))
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
