namespace FlowForge.Contracts;

/// <summary>Body of every error answer (<c>application/problem+json</c>, RFC 9457) with FlowForge's extensions.</summary>
public sealed record Problem
{
    public string? Type { get; init; }
    /// <summary>The kind of error, short: <c>Pipeline has errors</c>.</summary>
    public string? Title { get; init; }
    public int? Status { get; init; }
    /// <summary>What is wrong here, a whole sentence.</summary>
    public string? Detail { get; init; }
    /// <summary>Stable code.</summary>
    public string? Code { get; init; }
    /// <summary>What to do about it.</summary>
    public string? Suggestion { get; init; }
    /// <summary>Findings about a definition, for 422.</summary>
    public IReadOnlyList<DiagnosticEntry> Diagnostics { get; init; } = [];
}
