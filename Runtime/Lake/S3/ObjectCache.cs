using FlowForge.Lake.Files;

namespace FlowForge.Lake.S3;

/// <summary>
/// Copies of a lake's data files on this machine. DuckDB reads local files only, so what a query reads has to be here as a whole. Data files never change, so a copy is good for ever;
/// those that were not read for longest go when room is needed. Several processes of the machine (runtime, kernels) may share a folder: room is given out under a lock of the
/// machine, and a file that is on its way takes its room from the start. Nothing is asked of the service under that lock. Thread-safe.
/// </summary>
/// <param name="folder">Holds a folder a table, in the lake's own order; other files may lie there too.</param>
/// <param name="mostBytes">What copies may take.</param>
/// <param name="grace">A copy that was asked for a moment ago is about to be opened: it stays that long.</param>
internal sealed class ObjectCache(string folder, long mostBytes, TimeSpan grace)
{
    private const int Parallel = 4;
    private const int Rounds = 20;
    private const string Unfinished = ".fetching";
    // The count is handed on from turn to turn. It is measured again now and then, as a process may be killed between a change and its note, and people delete files.
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);
    private readonly string holds = Path.Combine(folder, "_flowforge", "copies");
    private readonly MachineLock machine = new(Path.Combine(folder, "_flowforge", "cache.lock"));
    private readonly Lock gate = new();
    private readonly Dictionary<string, Bringing> bringing = new(StringComparer.Ordinal);

    /// <summary>Keeps the copies that are fetched for it until it is disposed.</summary>
    public CopyHold Hold() => new(holds);

    /// <summary>Brings files here that are not yet.</summary>
    /// <param name="files">Local paths and sizes, each path once.</param>
    /// <param name="fetch">Writes the file of a local path to another local path, where an empty file of its size is.</param>
    /// <param name="holders">Who keeps them.</param>
    public void Fetch(IReadOnlyList<(string Path, long Bytes)> files, Action<string, string> fetch, IReadOnlyCollection<CopyHold> holders)
    {
        // What is here already stays while the rest comes.
        using var own = Hold();
        for (var round = 0; ; round++)
        {
            var (mine, others) = Reserve(files, own, holders);
            if (mine.Count + others.Count == 0) return;
            if (round == Rounds) throw Full(mine.Count + others.Count, files.Sum(f => f.Bytes), mostBytes, true);
            Bring(mine, fetch);
            // One that another thread could not bring is ours in the next round, and so is its error.
            foreach (var other in others) other.Done.Task.Wait();
        }
    }

    /// <summary>Keeps a file that was just written and stored; when there is no room for it, it goes.</summary>
    public void Keep(string finished, string path)
    {
        lock (gate)
        {
            using var turn = machine.Enter();
            if (!TryMakeRoom(turn, new FileInfo(finished).Length, out _))
            {
                File.Delete(finished);
                return;
            }
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(finished, path, overwrite: true);
        }
    }

    /// <summary>Forgets a file that was taken out of the lake.</summary>
    public void Remove(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return;
        lock (gate)
        {
            using var turn = machine.Enter();
            var bytes = file.Length;
            file.Delete();
            Return(turn, bytes);
        }
    }

    // Whatever is missing is ours to bring, but for what other threads are bringing already.
    private (List<Bringing> Mine, List<Bringing> Others) Reserve(IReadOnlyList<(string Path, long Bytes)> files, CopyHold own, IReadOnlyCollection<CopyHold> holders)
    {
        lock (gate)
        {
            using var turn = machine.Enter();
            var held = holders.Select(h => h.Add(files)).DefaultIfEmpty(0).Max();
            var missing = files.Where(f => !Touch(f.Path)).ToList();
            if (missing.Count == 0) return ([], []);
            own.Add(files);
            var others = missing.Select(f => bringing.GetValueOrDefault(f.Path)).OfType<Bringing>().ToList();
            var mine = missing.Where(f => !bringing.ContainsKey(f.Path)).Select(f => new Bringing(f.Path, $"{f.Path}.{own.Id}{Unfinished}", f.Bytes)).ToList();
            var bytes = mine.Sum(b => b.Bytes);
            if (!TryMakeRoom(turn, bytes, out var used))
            {
                // Room that the caller itself takes does not come by waiting.
                throw Full(mine.Count, bytes, used, Math.Max(held, files.Sum(f => f.Bytes)) <= mostBytes);
            }
            foreach (var one in mine)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(one.Path)!);
                using (var handle = File.OpenHandle(one.Temporary, FileMode.Create, FileAccess.Write)) RandomAccess.SetLength(handle, one.Bytes);
                bringing.Add(one.Path, one);
            }
            return (mine, others);
        }
    }

    private void Bring(List<Bringing> mine, Action<string, string> fetch)
    {
        try
        {
            System.Threading.Tasks.Parallel.ForEach(mine, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, one =>
            {
                var isHere = false;
                try
                {
                    fetch(one.Path, one.Temporary);
                    isHere = true;
                }
                finally
                {
                    Finish(one, isHere);
                }
            });
        }
        catch (AggregateException e) when (e.InnerExceptions is [var first, ..])
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
        finally
        {
            // After an error some are not begun.
            foreach (var one in mine) Finish(one, false);
        }
    }

    // It gets its name in a turn too, so that nobody counts it twice, or not at all.
    private void Finish(Bringing one, bool isHere)
    {
        lock (gate)
        {
            if (one.Done.Task.IsCompleted) return;
            try
            {
                using var turn = machine.Enter();
                if (isHere)
                {
                    File.Move(one.Temporary, one.Path, overwrite: true);
                    return;
                }
                File.Delete(one.Temporary);
                Return(turn, one.Bytes);
            }
            finally
            {
                bringing.Remove(one.Path);
                one.Done.TrySetResult();
            }
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

    private bool TryMakeRoom(MachineTurn turn, long bytes, out long used)
    {
        var last = turn.Last;
        var isTrusted = last is { } known && DateTime.UtcNow - known.At < Trust && known.At <= DateTime.UtcNow;
        used = isTrusted ? last!.Value.Number : -1;
        if (used < 0 || used + bytes > mostBytes)
        {
            used = Sweep(bytes);
            last = (used, DateTime.UtcNow);
        }
        var isRoom = used + bytes <= mostBytes;
        turn.Last = (isRoom ? used + bytes : used, last!.Value.At);
        return isRoom;
    }

    private static void Return(MachineTurn turn, long bytes)
    {
        if (turn.Last is { } last) turn.Last = (last.Number - bytes, last.At);
    }

    // Bytes that are left.
    private long Sweep(long room)
    {
        var copies = Copies().OrderBy(f => f.LastAccessTimeUtc).ToList();
        var used = copies.Sum(f => f.Length);
        if (used + room <= mostBytes) return used;
        var (keep, holders) = CopyHold.Living(holds);
        var now = DateTime.UtcNow;
        // Some more than is asked for, so that not every file looks through the folder.
        var target = Math.Max(0, mostBytes - room - (mostBytes / 10));
        foreach (var file in copies)
        {
            if (used <= target) break;
            // What is on its way belongs to somebody; when that process is gone, to nobody.
            var stays = file.Name.EndsWith(Unfinished, StringComparison.Ordinal) ? holders.Contains(Bringer(file.Name)) : keep.Contains(file.FullName) || now - file.LastAccessTimeUtc < grace;
            if (stays) continue;
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
        return used;
    }

    private static string Bringer(string name) => Path.GetExtension(name[..^Unfinished.Length]).TrimStart('.');

    private List<FileInfo> Copies()
    {
        var root = new DirectoryInfo(folder);
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
        return !root.Exists ? [] : [.. root.EnumerateDirectories().Where(d => d.Name is not ("landing" or "_flowforge")).SelectMany(d => d.EnumerateFiles("*", options)).Where(IsCopy)];
    }

    // What lies in _flowforge belongs to writers and readers of this machine.
    private static bool IsCopy(FileInfo file) => !$"{file.DirectoryName}{Path.DirectorySeparatorChar}".Contains($"{Path.DirectorySeparatorChar}_flowforge{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && file.Exists;

    private LakeStorageException Full(int files, long bytes, long used, bool isTransient) => new("FF2705",
        $"{files} data files of {Size(bytes)} are to be read at once, and the lake's cache in {folder} may take {Size(mostBytes)}, of which {Size(used)} are in use. Raise Lake:CacheBytes, or read less at once (a condition on a partition column, a merge of fewer rows).",
        isTransient);

    private static string Size(long bytes) => bytes switch
    {
        < 1 << 20 => $"{bytes / 1024.0:0.#} KB",
        < 1 << 30 => $"{bytes / (1024.0 * 1024):0.#} MB",
        _ => $"{bytes / (1024.0 * 1024 * 1024):0.#} GB",
    };

    private sealed record Bringing(string Path, string Temporary, long Bytes)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
