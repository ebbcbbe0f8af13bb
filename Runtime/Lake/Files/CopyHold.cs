using System.Text;

namespace FlowForge.Lake.Files;

/// <summary>
/// Keeps copies of a lake's files on this machine while somebody reads them: a list of their paths beside a file whose lock says that the reader lives, so that other processes
/// of the machine see it too. Thread-safe.
/// </summary>
public sealed class CopyHold : IDisposable
{
    private const string Ending = ".hold";
    private const string ListEnding = ".files";
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> files = new(StringComparer.Ordinal);
    private readonly string folder;
    private FileStream? held;
    private string path = "";
    private bool gone;

    internal CopyHold(string folder) => this.folder = folder;

    /// <summary>Names the holder in the names of what it is bringing; set by the first <see cref="Add"/>.</summary>
    internal string Id => Path.GetFileNameWithoutExtension(path);

    /// <summary>Told once when the hold ends; set before it is used.</summary>
    internal Action? Ended { get; set; }

    /// <summary>Holds these too, whether they are here yet or not.</summary>
    /// <param name="more">Local paths and sizes.</param>
    /// <returns>Bytes of all that is held.</returns>
    internal long Add(IEnumerable<(string Path, long Bytes)> more)
    {
        lock (gate)
        {
            if (gone) return 0;
            var text = new StringBuilder();
            foreach (var (file, bytes) in more)
                if (files.TryAdd(file, bytes)) text.Append(file).Append('\0');
            if (held is null)
            {
                Directory.CreateDirectory(folder);
                held = HeldFile.Create(folder, Ending, out path);
            }
            if (text.Length > 0) File.AppendAllText(Path.ChangeExtension(path, ListEnding), text.ToString());
            return files.Values.Sum();
        }
    }

    /// <summary>Holds nothing any more, until the next <see cref="Add"/>.</summary>
    internal void Clear()
    {
        lock (gate)
        {
            files.Clear();
            if (held is not null && !gone) File.Delete(Path.ChangeExtension(path, ListEnding));
        }
    }

    /// <summary>What living holders hold, and their ids; what dead ones left is removed.</summary>
    internal static (HashSet<string> Files, HashSet<string> Holders) Living(string folder)
    {
        var (files, holders) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        if (!Directory.Exists(folder)) return (files, holders);
        foreach (var file in Directory.EnumerateFiles(folder, "*" + Ending))
        {
            var list = Path.ChangeExtension(file, ListEnding);
            using var taken = HeldFile.TryTake(file);
            if (taken is not null)
            {
                File.Delete(list);
                File.Delete(file);
                continue;
            }
            holders.Add(Path.GetFileNameWithoutExtension(file));
            try
            {
                files.UnionWith(File.ReadAllText(list).Split('\0', StringSplitOptions.RemoveEmptyEntries));
            }
            catch (FileNotFoundException)
            {
                // Nothing yet, or just given up.
            }
        }
        return (files, holders);
    }

    /// <summary>Lets the copies go when room is needed.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (gone) return;
            gone = true;
            Ended?.Invoke();
            if (held is null) return;
            File.Delete(Path.ChangeExtension(path, ListEnding));
            File.Delete(path);
            held.Dispose();
        }
    }
}
