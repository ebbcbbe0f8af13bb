using System.Net;

namespace FlowForge.Contracts;

/// <summary>
/// The API refused a call, or could not be reached (<see cref="IsUnreachable"/>). The message is fit for a person:
/// it says what is wrong; <see cref="Suggestion"/> says what to do.
/// </summary>
public sealed class FlowForgeApiException : Exception
{
    /// <summary>An error that the API answered with.</summary>
    public FlowForgeApiException(HttpStatusCode status, Problem problem)
        : base(problem?.Detail ?? problem?.Title ?? $"The runtime answered {(int)status} without saying why.")
    {
        Status = status;
        Problem = problem ?? new Problem();
    }

    /// <summary>No usable answer came.</summary>
    public FlowForgeApiException(string message, string suggestion, Exception inner) : base(message, inner)
    {
        Problem = new Problem { Title = "Runtime not reachable", Detail = message, Code = "unreachable", Suggestion = suggestion };
    }

    /// <summary>Null when no answer came.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The whole answer.</summary>
    public Problem Problem { get; }

    /// <summary>The runtime is not running, starting, or elsewhere.</summary>
    public bool IsUnreachable => Status is null;

    public string? Suggestion => Problem.Suggestion;

    /// <summary>Findings about the definition that was sent; empty for other errors.</summary>
    public IReadOnlyList<DiagnosticEntry> Diagnostics => Problem.Diagnostics;
}
