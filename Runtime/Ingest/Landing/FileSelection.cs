using FlowForge.Lake;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Landing;

/// <summary>
/// Knows what a job has dealt with and decides what is new: a file with unchanged path, size and etag or time is not read again; of the rest the
/// content decides.
/// </summary>
internal sealed class FileSelection
{
    private readonly Dictionary<string, SeenFile> _byPath = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SeenFile> _byContent = new(StringComparer.Ordinal);

    public FileSelection(IEnumerable<SeenFile> seen)
    {
        foreach (var file in seen) Add(file);
    }

    /// <summary>Notes a file as dealt with.</summary>
    public void Add(SeenFile file)
    {
        _byPath[file.Path] = file;
        if (file.Note is null && file.Size > 0) _byContent.TryAdd(file.Sha256, file);
    }

    /// <summary>Whether the source says that nothing changed. Without size and mark it cannot say so.</summary>
    public bool IsUnchanged(SourceFile file) =>
        _byPath.TryGetValue(file.Path, out var seen) && file.Size == seen.Size
        && (file.ETag is not null ? file.ETag == seen.ETag : file.Modified is { } time && time.ToUniversalTime() == seen.Modified?.ToUniversalTime());

    /// <summary>As <see cref="IsUnchanged"/>; of a file for which the source has no mark the size decides.</summary>
    public bool IsAsRead(SourceFile file) =>
        IsUnchanged(file) || file is { ETag: null, Modified: null, Size: { } size } && _byPath.TryGetValue(file.Path, out var seen) && seen is { ETag: null, Modified: null } && seen.Size == size;

    /// <summary>Whether this very file is noted, with all that is noted of it. That is found only now when the source gives no mark.</summary>
    public bool Knows(LandedFile file) =>
        _byPath.TryGetValue(file.Path, out var seen) && seen.Size == file.Size && seen.ETag == file.ETag && seen.Modified?.ToUniversalTime() == file.Modified?.ToUniversalTime() && seen.Sha256 == file.Sha256;

    /// <summary>The file with the same content that was loaded before, which may be the same path; null when the content is new.</summary>
    public SeenFile? SameContent(LandedFile file) => file.Size == 0 ? null : _byContent.GetValueOrDefault(file.Sha256);
}
