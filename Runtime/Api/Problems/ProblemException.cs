using FlowForge.Contracts;

namespace FlowForge.Api.Problems;

/// <summary>An endpoint refuses a request; becomes problem+json.</summary>
internal sealed class ProblemException(int status, string code, string title, string detail, string? suggestion = null,
    IReadOnlyList<DiagnosticEntry>? diagnostics = null) : Exception(detail)
{
    public Problem Problem { get; } = new()
    {
        Type = "about:blank", Status = status, Code = code, Title = title, Detail = detail, Suggestion = suggestion, Diagnostics = diagnostics ?? []
    };

    public static ProblemException NotFound(string code, string detail, string? suggestion = null) =>
        new(StatusCodes.Status404NotFound, code, "Not found", detail, suggestion);

    public static ProblemException Conflict(string code, string detail, string? suggestion = null) =>
        new(StatusCodes.Status409Conflict, code, "Conflict", detail, suggestion);

    public static ProblemException Bad(string code, string detail, string? suggestion = null) =>
        new(StatusCodes.Status400BadRequest, code, "Bad request", detail, suggestion);
}
