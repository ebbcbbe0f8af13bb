using System.Text.Json.Serialization;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Formats.Readers;
using FlowForge.Ingest.Replay;

namespace FlowForge.Ingest.Landing;

/// <summary>A source file of this run, at the place where it is read.</summary>
/// <param name="Path">As the connector names it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">The source's mark, where it has one.</param>
/// <param name="Modified">UTC, where the source has it.</param>
/// <param name="Sha256">Lower-case hex of the content.</param>
/// <param name="LocalPath">The landed copy, or the source itself with <c>landing: reference</c>.</param>
internal sealed record LandedFile(string Path, long Size, string? ETag, DateTimeOffset? Modified, string Sha256, string LocalPath)
{
    /// <summary>Lower-case hex of the content; waits for <see cref="Hashing"/>.</summary>
    public string Sha256 { get => Hashing?.GetAwaiter().GetResult() ?? field; init; } = Sha256;

    /// <summary>Finds the hash while the rows are read; fails when the file changes. Null when it is known.</summary>
    [JsonIgnore]
    public Task<string>? Hashing { get; init; }

    /// <summary>Opens the text that is read: unpacked UTF-8.</summary>
    public Stream Open(FileSettings settings, Action<int>? consumed, CancellationToken ct) => Lines?.Open(consumed, ct) ?? DecodedStream.Open(LocalPath, settings, consumed);

    /// <summary>The archive that this is a member of; null for a file of its own.</summary>
    public LandedFile? Archive { get; init; }

    /// <summary>Gives the records, of a format that a plugin reads; null where the file's own text is read.</summary>
    [JsonIgnore]
    public RecordLines? Lines { get; init; }

    /// <summary>The records that are read; null for all of them.</summary>
    public RecordPicks? Picks { get; init; }
}
