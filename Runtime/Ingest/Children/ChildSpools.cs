using FlowForge.Catalog;

namespace FlowForge.Ingest.Children;

/// <summary>The records of child tables of one pass, on disk until they are loaded themselves. One thread at a time.</summary>
internal sealed class ChildSpools(string folder) : IDisposable
{
    /// <summary>Most tables that one job may make of arrays: field names that are data would make one of each value.</summary>
    public const int Most = 100;

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
        {
            if (_files.Count == Most)
                throw new JobFailedException("FF2122", $"The records have arrays of objects in more than {Most} fields ({string.Join(", ", _files.Keys.Take(3))}, … {path}), and each would become a table. Nothing was published.",
                    "Are the names of these fields data? Use nested: keep and take the values apart in a silver dataset, or name the arrays that are wanted in user_schema (items[].sku).");
            _files[path] = file = new FileStream(Path.Combine(folder, $"child-{Guid.NewGuid():n}.ndjson"), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
        }
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
