using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FlowForge.Plugins.Files;

/// <summary>
/// Tells of files that appear or change below some folders, by the operating system's notifications. Some are lost when very many come at once, and none come from network
/// drives: whoever watches lists the files from time to time besides.
/// </summary>
internal static class FolderWatch
{
    /// <param name="folders">Absolute; those that do not exist are not watched.</param>
    /// <param name="wanted">Whether a path is one that would be read.</param>
    public static async IAsyncEnumerable<string> WatchAsync(IReadOnlyCollection<(string Folder, bool Below)> folders, Func<string, bool> wanted, [EnumeratorCancellation] CancellationToken ct)
    {
        var told = Channel.CreateBounded<string>(new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.DropOldest });
        var watchers = new List<FileSystemWatcher>();
        try
        {
            foreach (var (folder, below) in folders.Where(f => Directory.Exists(f.Folder)))
            {
                var watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = below, NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size };
                watchers.Add(watcher);
                watcher.Created += (_, e) => Tell(e.FullPath);
                watcher.Changed += (_, e) => Tell(e.FullPath);
                watcher.Renamed += (_, e) => Tell(e.FullPath);
                watcher.Error += (_, _) => told.Writer.TryWrite(folder);
                watcher.EnableRaisingEvents = true;
            }
            await foreach (var path in told.Reader.ReadAllAsync(ct).ConfigureAwait(false)) yield return path;
        }
        finally
        {
            watchers.ForEach(w => w.Dispose());
        }

        void Tell(string path)
        {
            if (wanted(path)) told.Writer.TryWrite(path);
        }
    }
}
