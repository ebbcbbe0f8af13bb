using System.Text.Json;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Landing;

/// <summary>The files that one run has landed whole, kept beside them. One thread at a time.</summary>
internal sealed class LandingManifest
{
    private readonly string _path;
    private readonly List<LandedFile> _files = [];

    public LandingManifest(string path)
    {
        _path = path;
        if (File.Exists(path)) _files = JsonSerializer.Deserialize<List<LandedFile>>(File.ReadAllBytes(path)) ?? [];
    }

    public IReadOnlyList<LandedFile> Files => _files;

    /// <summary>What was landed of this very file, when the copy is still there.</summary>
    public LandedFile? Find(SourceFile file) => _files.FirstOrDefault(f =>
        f.Path == file.Path && f.ETag == file.ETag && f.Modified == file.Modified?.ToUniversalTime() && (file.Size is null || f.Size == file.Size)
        && new FileInfo(f.LocalPath) is { Exists: true } copy && copy.Length == f.Size);

    public void Add(LandedFile file)
    {
        _files.RemoveAll(f => f.LocalPath == file.LocalPath);
        _files.Add(file);
    }

    public void Remove(LandedFile file) => _files.Remove(file);

    /// <summary>Written whole or not at all.</summary>
    public void Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var temporary = _path + ".tmp";
        using (var file = File.Create(temporary))
        {
            JsonSerializer.Serialize(file, _files);
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
