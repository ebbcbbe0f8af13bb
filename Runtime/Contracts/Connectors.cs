using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>A connector that was found in the plugins folder.</summary>
public sealed record ConnectorEntry
{
    /// <summary><c>file</c>; usable as a <c>source_type</c>.</summary>
    public required string Name { get; init; }
    public required string Title { get; init; }
    public string? Description { get; init; }
    public string? Version { get; init; }
    /// <summary>Other names of it: the seeds' <c>file_local</c>, <c>file_upload</c>.</summary>
    public IReadOnlyList<string> SourceTypes { get; init; } = [];
    /// <summary>JSON Schema of its settings, for forms.</summary>
    public JsonElement? Settings { get; init; }
    /// <summary>Set when it could not be loaded: what is wrong and what to do.</summary>
    public string? Error { get; init; }
}
