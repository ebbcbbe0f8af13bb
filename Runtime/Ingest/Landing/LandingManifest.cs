using System.Text.Json;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Landing;

/// <summary>The files that one run has landed whole, kept beside them; there may be hundreds of thousands. One thread at a time.</summary>
internal sealed class LandingManifest
{
    private readonly string _path;
    /// <summary>In the order in which they were landed, by the copy: each has one file.</summary>
    private readonly OrderedDictionary<string, LandedFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<LandedFile>> _byPath = new(StringComparer.Ordinal);

    public LandingManifest(string path)
    {
        _path = path;
        foreach (var file in File.Exists(path) ? JsonSerializer.Deserialize<List<LandedFile>>(File.ReadAllBytes(path)) ?? [] : []) Add(file);
    }

    public IReadOnlyList<LandedFile> Files => _files.Values;

    /// <summary>Whether something was landed there.</summary>
    public bool Has(string localPath) => _files.ContainsKey(localPath);

    /// <summary>What was landed of this very file, when the copy is still there.</summary>
    public LandedFile? Find(SourceFile file) => _byPath.GetValueOrDefault(file.Path)?.Find(f =>
        f.ETag == file.ETag && f.Modified == file.Modified?.ToUniversalTime() && (file.Size is null || f.Size == file.Size)
        && new FileInfo(f.LocalPath) is { Exists: true } copy && copy.Length == f.Size);

    public void Add(LandedFile file)
    {
        if (_files.TryGetValue(file.LocalPath, out var before)) Remove(before);
        _files.Add(file.LocalPath, file);
        (_byPath.TryGetValue(file.Path, out var same) ? same : _byPath[file.Path] = []).Add(file);
    }

    public void Remove(LandedFile file)
    {
        if (!_files.TryGetValue(file.LocalPath, out var known) || known != file) return;
        // Mostly the last one, which moves nothing.
        _files.Remove(file.LocalPath);
        _byPath[file.Path].Remove(file);
    }

    /// <summary>Written whole or not at all.</summary>
    public void Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var temporary = _path + ".tmp";
        using (var file = File.Create(temporary))
        {
            JsonSerializer.Serialize(file, Files);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, _path, overwrite: true);
    }

    /// <summary>All files that runs of a job have landed.</summary>
    /// <param name="except">A manifest that does not count.</param>
    public static IEnumerable<LandedFile> OfJob(string jobFolder, string? except = null)
    {
        var folder = Path.Combine(jobFolder, "_flowforge");
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.json").Where(f => f != except).Order(StringComparer.Ordinal).SelectMany(f => new LandingManifest(f).Files) : [];
    }
}
