using System.Text.Json;

namespace FlowForge.Ingest.Sources;

/// <summary>A part of what a source handed over, landed as one file.</summary>
/// <param name="Name">What <c>_ff_file</c> says: source and part.</param>
/// <param name="LocalPath">The landed file.</param>
/// <param name="Rows">Rows (or records) as they were counted at the handover, independent of all that reads the file later.</param>
/// <param name="Bytes">Of the file.</param>
/// <param name="Cursor">Where reading can resume behind it; null where it cannot.</param>
/// <param name="Reached">The last cursor that the source named up to its end.</param>
/// <param name="Columns">The source's columns; empty for pages of JSON.</param>
/// <param name="Statistics">Of a file in the table's form (see <see cref="TableForm"/>), Delta's statistics; null of others.</param>
internal sealed record RowPart(string Name, string LocalPath, long Rows, long Bytes, string? Cursor, string? Reached, IReadOnlyList<PartColumn> Columns, string? Statistics = null);

/// <summary>A column of a part.</summary>
/// <param name="Name">As the source calls it.</param>
/// <param name="Landed">Its name in the landed file: the same, unless two differ in case only.</param>
/// <param name="Type">DuckDB's type; <c>NULL</c> when the part has no value in it.</param>
internal sealed record PartColumn(string Name, string Landed, string Type);

/// <summary>
/// What one run has landed of a source of rows. It is written after each part, so that a repeated attempt uses what is there: all of it when the read was
/// complete, else, where the source can resume, it goes on behind the last part. One thread at a time.
/// </summary>
internal sealed class RowManifest
{
    private readonly string _path;
    private Content _content = new();

    private RowManifest(string path) => _path = path;

    /// <summary>What an earlier attempt of the run left; empty when there was none, or its files are gone.</summary>
    /// <param name="keep">For a look: nothing is removed, whatever is missing.</param>
    public static RowManifest Open(string path, bool keep = false)
    {
        var manifest = new RowManifest(path);
        if (!File.Exists(path)) return manifest;
        manifest._content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path)) ?? new();
        // A part is named before it gets its place: an attempt that was killed in between has not landed it.
        if (!keep && !manifest.IsComplete && manifest.Parts.Count > 0 && !File.Exists(manifest.Parts[^1].LocalPath)) manifest._content.Parts.RemoveAt(manifest.Parts.Count - 1);
        if (!keep && manifest.Parts.Any(p => new FileInfo(p.LocalPath) is not { Exists: true } file || file.Length != p.Bytes)) manifest.Clear();
        return manifest;
    }

    public IReadOnlyList<RowPart> Parts => _content.Parts;

    /// <summary>Whether the source was read to its end.</summary>
    public bool IsComplete => _content.Complete;

    /// <summary>What the read was asked for that made the parts: where it began. Null in manifests of before that was noted.</summary>
    public string? Start => _content.Start;

    /// <summary>Notes where the read begins; it is kept with the first part.</summary>
    public void Begin(string start) => _content.Start = start;

    /// <summary>Where the last part ends, if reading can resume there.</summary>
    public string? Cursor => Parts.Count == 0 ? null : Parts[^1].Cursor;

    /// <summary>The last cursor that the source named.</summary>
    public string? Reached => Parts.LastOrDefault(p => p.Reached is not null)?.Reached;

    /// <summary>Removes parts at the end behind which reading cannot resume.</summary>
    public void CutToResume()
    {
        while (Parts.Count > 0 && Cursor is null)
        {
            File.Delete(Parts[^1].LocalPath);
            _content.Parts.RemoveAt(Parts.Count - 1);
        }
        Save();
    }

    public long Rows => Parts.Sum(p => p.Rows);

    public void Add(RowPart part)
    {
        _content.Parts.Add(part);
        Save();
    }

    public void Complete()
    {
        _content.Complete = true;
        Save();
    }

    /// <summary>Removes the parts and begins anew.</summary>
    public void Clear()
    {
        foreach (var part in Parts) File.Delete(part.LocalPath);
        _content = new();
        if (File.Exists(_path)) File.Delete(_path);
    }

    // Written whole or not at all.
    private void Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var temporary = _path + ".tmp";
        using (var file = File.Create(temporary))
        {
            JsonSerializer.Serialize(file, _content);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, _path, overwrite: true);
    }

    private sealed class Content
    {
        public List<RowPart> Parts { get; init; } = [];
        public bool Complete { get; set; }
        public string? Start { get; set; }
    }
}
