namespace FlowForge.Ingest.Children;

/// <summary>The records of child tables of one pass, on disk until they are loaded themselves. One thread at a time.</summary>
internal sealed class ChildSpools(string folder) : IDisposable
{
    private readonly Dictionary<string, FileStream> _files = new(StringComparer.Ordinal);

    /// <summary>Paths of the arrays that had objects, in order, with the file of their lines.</summary>
    public IReadOnlyList<(string Path, string File)> Files
    {
        get
        {
            foreach (var file in _files.Values) file.Flush();
            return [.. _files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => (f.Key, f.Value.Name))];
        }
    }

    public void Add(string path, byte[] lines)
    {
        if (!_files.TryGetValue(path, out var file))
            _files[path] = file = new FileStream(Path.Combine(folder, $"child-{Guid.NewGuid():n}.ndjson"), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
        file.Write(lines);
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
            File.Delete(file.Name);
        }
        _files.Clear();
    }
}
