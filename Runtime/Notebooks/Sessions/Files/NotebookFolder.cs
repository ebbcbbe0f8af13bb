using System.Globalization;
using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Sessions.Files;

/// <summary>A notebook file as a list shows it.</summary>
/// <param name="Cells">Null when the file cannot be read as a notebook.</param>
public sealed record NotebookFile(NotebookPath Path, DateTimeOffset Modified, long Bytes, int? Cells);

/// <summary>A deleted notebook that can be had back.</summary>
/// <param name="Id">Names it for <see cref="NotebookFolder.Restore"/>.</param>
public sealed record TrashedNotebook(string Id, NotebookPath Path, DateTimeOffset Deleted);

/// <summary>
/// The notebooks below one folder, and its trash (<c>.trash</c>, kept 30 days). Nothing outside is touched: links on the way to a notebook are refused. Files are
/// written whole or not at all. Thread-safe as far as files are: who writes one notebook from two sides must hold a lock.
/// </summary>
public sealed class NotebookFolder
{
    /// <summary>Longest file that is read, in bytes.</summary>
    public const long MostBytes = 64L << 20;

    private const int MostFiles = 5000;
    private const string TrashName = ".trash";
    private static readonly TimeSpan TrashTime = TimeSpan.FromDays(30);
    private readonly string _root;
    private readonly Dictionary<string, (DateTime Written, long Bytes, int? Cells)> _known = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <param name="root">Made when missing; may itself be a link.</param>
    public NotebookFolder(string root)
    {
        _root = Path.GetFullPath(root);
        Directory.CreateDirectory(_root);
    }

    public string Root => _root;

    /// <summary>All notebooks by path; folders that begin with a dot and links are left out.</summary>
    public IReadOnlyList<NotebookFile> List()
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        var found = new List<NotebookFile>();
        foreach (var file in new DirectoryInfo(_root).EnumerateFiles("*" + NotebookPath.Extension, options))
        {
            var relative = Path.GetRelativePath(_root, file.FullName).Replace('\\', '/');
            if (NotebookPath.TryParse(relative, out var path) is not null) continue;
            found.Add(new NotebookFile(path, file.LastWriteTimeUtc, file.Length, Cells(file)));
            if (found.Count == MostFiles) break;
        }
        return [.. found.OrderBy(f => f.Path.Text, StringComparer.OrdinalIgnoreCase)];
    }

    public bool Exists(NotebookPath path) => File.Exists(Full(path));

    /// <summary>The file's document.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="FormatException">It is no notebook, or too large; the message says which.</exception>
    public NotebookDocument Read(NotebookPath path)
    {
        var file = new FileInfo(Full(path));
        if (!file.Exists) throw new FileNotFoundException($"There is no notebook {path}.", path.Text);
        if (file.Length > MostBytes) throw new FormatException($"{path} has {file.Length:N0} bytes; {MostBytes:N0} are the most. Clear its outputs in the tool that made them.");
        return NotebookDocument.Parse(File.ReadAllText(file.FullName));
    }

    public DateTimeOffset Modified(NotebookPath path) => File.GetLastWriteTimeUtc(Full(path));

    /// <summary>Writes the whole file, or leaves the old one as it was.</summary>
    public void Write(NotebookPath path, NotebookDocument document)
    {
        var full = Full(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():n}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew))
            {
                stream.Write(System.Text.Encoding.UTF8.GetBytes(document.Write()));
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Moves a notebook.</summary>
    /// <exception cref="IOException">There is one of the new name already, or none of the old.</exception>
    public void Move(NotebookPath from, NotebookPath to)
    {
        var target = Full(to);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        // On file systems that ignore case this is the same file.
        File.Move(Full(from), target, overwrite: string.Equals(from.Text, to.Text, StringComparison.OrdinalIgnoreCase) && from != to && !OperatingSystem.IsLinux());
    }

    /// <summary>Moves a notebook to the trash.</summary>
    public TrashedNotebook Delete(NotebookPath path)
    {
        EmptyOldTrash();
        var now = DateTimeOffset.UtcNow;
        var id = now.ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture) + "-" + Guid.NewGuid().ToString("n")[..8];
        var target = Path.Combine(_root, TrashName, id, path.Text);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Move(Full(path), target);
        return new TrashedNotebook(id, path, now);
    }

    /// <summary>What can be had back, the newest first.</summary>
    public IReadOnlyList<TrashedNotebook> Trash()
    {
        var trash = new DirectoryInfo(Path.Combine(_root, TrashName));
        if (!trash.Exists) return [];
        return [.. trash.EnumerateDirectories().Select(Trashed).OfType<TrashedNotebook>().OrderByDescending(t => t.Id, StringComparer.Ordinal)];
    }

    /// <summary>Brings a notebook back from the trash to where it was, or beside what is there now.</summary>
    /// <exception cref="FileNotFoundException">The trash does not have it.</exception>
    public NotebookPath Restore(string id)
    {
        var found = Trash().FirstOrDefault(t => t.Id == id) ?? throw new FileNotFoundException($"The trash has no notebook {id}.", id);
        var path = Free(found.Path);
        var target = Full(path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var folder = Path.Combine(_root, TrashName, id);
        File.Move(Path.Combine(folder, found.Path.Text), target);
        Directory.Delete(folder, recursive: true);
        return path;
    }

    /// <summary>The path, or when it is taken the first of <c>name 2</c>, <c>name 3</c> … that is not.</summary>
    public NotebookPath Free(NotebookPath path)
    {
        var free = path;
        for (var n = 2; Exists(free); n++) free = NotebookPath.Parse(string.Create(CultureInfo.InvariantCulture, $"{path.Text[..^NotebookPath.Extension.Length]} {n}"));
        return free;
    }

    private string Full(NotebookPath path)
    {
        var full = _root;
        foreach (var part in path.Text.Split('/'))
        {
            full = Path.Combine(full, part);
            if (new FileInfo(full).LinkTarget is not null) throw new UnauthorizedAccessException($"{path} goes over a link, and those are not followed.");
        }
        return full;
    }

    private int? Cells(FileInfo file)
    {
        lock (_gate)
        {
            if (_known.TryGetValue(file.FullName, out var known) && known.Written == file.LastWriteTimeUtc && known.Bytes == file.Length) return known.Cells;
        }
        int? cells = null;
        try
        {
            if (file.Length <= MostBytes) cells = NotebookDocument.Parse(File.ReadAllText(file.FullName)).Cells.Count;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            // Shown as a file that cannot be read; opening it says why.
        }
        lock (_gate) _known[file.FullName] = (file.LastWriteTimeUtc, file.Length, cells);
        return cells;
    }

    private static TrashedNotebook? Trashed(DirectoryInfo folder)
    {
        var file = folder.EnumerateFiles("*" + NotebookPath.Extension, SearchOption.AllDirectories).FirstOrDefault();
        if (file is null || NotebookPath.TryParse(Path.GetRelativePath(folder.FullName, file.FullName).Replace('\\', '/'), out var path) is not null) return null;
        return DateTimeOffset.TryParseExact(folder.Name.Split('-')[0], "yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var deleted) ? new TrashedNotebook(folder.Name, path, deleted) : null;
    }

    private void EmptyOldTrash()
    {
        foreach (var old in Trash().Where(t => DateTimeOffset.UtcNow - t.Deleted > TrashTime)) Directory.Delete(Path.Combine(_root, TrashName, old.Id), recursive: true);
    }
}
