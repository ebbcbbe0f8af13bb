using System.Collections.Concurrent;

namespace FlowForge.Lake.S3;

/// <summary>
/// Copies of a lake's data files on this machine. DuckDB reads local files only, so what a query reads has to be here as a whole. Data files never change, so a copy is good for ever;
/// those that were not read for longest go when room is needed. Several processes of the machine (runtime, kernels) may share a folder. Thread-safe.
/// </summary>
/// <param name="folder">Holds a folder a table, in the lake's own order; other files may lie there too.</param>
/// <param name="mostBytes">What copies may take.</param>
/// <param name="grace">A copy that was asked for a moment ago is about to be opened: it stays that long.</param>
/// <param name="held">Paths (whole, local) that must stay: of versions that somebody holds.</param>
internal sealed class ObjectCache(string folder, long mostBytes, TimeSpan grace, Func<IReadOnlySet<string>> held)
{
    private const int Parallel = 4;
    private const string Unfinished = ".fetching";
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, Lazy<string>> fetching = new(StringComparer.Ordinal);
    private long? used;

    /// <summary>Bytes of copies, as of the last look and what this process did since.</summary>
    public long Used
    {
        get { lock (gate) return used ??= Copies().Sum(f => f.Length); }
    }

    /// <summary>Brings files here that are not yet.</summary>
    /// <param name="files">Local paths and sizes.</param>
    /// <param name="fetch">Writes the file of a local path to another local path.</param>
    public void Fetch(IReadOnlyList<(string Path, long Bytes)> files, Action<string, string> fetch)
    {
        var missing = files.Where(f => !Touch(f.Path)).ToList();
        if (missing.Count == 0) return;
        var bytes = missing.Sum(f => f.Bytes);
        if (!TryMakeRoom(bytes))
        {
            throw new LakeStorageException("FF2705",
                $"{missing.Count} data files of {Size(bytes)} are to be read at once, and the lake's cache in {folder} may take {Size(mostBytes)}, of which {Size(Used)} are in use. Raise Lake:CacheBytes, or read less at once (a condition on a partition column, a merge of fewer rows).",
                isTransient: bytes < mostBytes);
        }
        try
        {
            System.Threading.Tasks.Parallel.ForEach(missing, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, f => Get(f.Path, fetch, reserved: true));
        }
        catch (AggregateException e) when (e.InnerExceptions is [var first, ..])
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <summary>One file's local path; brought here when it is not yet.</summary>
    public string Get(string path, Action<string, string> fetch, bool reserved = false)
    {
        if (Touch(path)) return path;
        var task = fetching.GetOrAdd(path, p => new Lazy<string>(() => Bring(p, fetch, reserved)));
        try
        {
            return task.Value;
        }
        finally
        {
            fetching.TryRemove(KeyValuePair.Create(path, task));
        }
    }

    /// <summary>Keeps a file that was just written and stored; when there is no room for it, it goes.</summary>
    public void Keep(string finished, string path)
    {
        var bytes = new FileInfo(finished).Length;
        if (!TryMakeRoom(bytes))
        {
            File.Delete(finished);
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(finished, path, overwrite: true);
    }

    /// <summary>Forgets a file that was taken out of the lake.</summary>
    public void Remove(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return;
        var bytes = file.Length;
        file.Delete();
        lock (gate) used -= bytes;
    }

    private string Bring(string path, Action<string, string> fetch, bool reserved)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.NewGuid():n}{Unfinished}";
        try
        {
            fetch(path, temporary);
            if (!reserved) TryMakeRoom(new FileInfo(temporary).Length);
            File.Move(temporary, path, overwrite: true);
            return path;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // The time of the last use is ours to set: systems mostly do not note it at each reading.
    private static bool Touch(string path)
    {
        try
        {
            if (!File.Exists(path)) return false;
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private bool TryMakeRoom(long bytes)
    {
        lock (gate)
        {
            if (Used + bytes > mostBytes) Sweep(bytes);
            if (used + bytes > mostBytes) return false;
            used += bytes;
            return true;
        }
    }

    private void Sweep(long wanted)
    {
        var copies = Copies().OrderBy(f => f.LastAccessTimeUtc).ToList();
        used = copies.Sum(f => f.Length);
        if (used + wanted <= mostBytes) return;
        var keep = held();
        var now = DateTime.UtcNow;
        // Some more than is asked for, so that not every file looks through the folder.
        var target = Math.Max(0, mostBytes - wanted - (mostBytes / 10));
        foreach (var file in copies)
        {
            if (used <= target) return;
            var unfinished = file.Name.EndsWith(Unfinished, StringComparison.Ordinal);
            if (keep.Contains(file.FullName) || now - (unfinished ? file.LastWriteTimeUtc : file.LastAccessTimeUtc) < grace) continue;
            try
            {
                var bytes = file.Length;
                file.Delete();
                used -= bytes;
            }
            catch (IOException)
            {
                // Gone already, or in use on a system that then refuses; the next look will do.
            }
        }
    }

    private List<FileInfo> Copies()
    {
        var root = new DirectoryInfo(folder);
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
        return !root.Exists ? [] : [.. root.EnumerateDirectories().Where(d => d.Name != "landing").SelectMany(d => d.EnumerateFiles("*", options)).Where(IsCopy)];
    }

    // What lies in _flowforge belongs to writers and readers of this machine.
    private static bool IsCopy(FileInfo file) => !file.DirectoryName!.Contains($"{Path.DirectorySeparatorChar}_flowforge", StringComparison.Ordinal) && file.Exists;

    private static string Size(long bytes) => bytes switch
    {
        < 1 << 20 => $"{bytes / 1024.0:0.#} KB",
        < 1 << 30 => $"{bytes / (1024.0 * 1024):0.#} MB",
        _ => $"{bytes / (1024.0 * 1024 * 1024):0.#} GB",
    };
}
