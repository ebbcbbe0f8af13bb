using System.Net;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Parts;

/// <summary>An error in the workbench's words: what it is and what to do.</summary>
internal static class ErrorWords
{
    public static string Title(Exception error) => error switch
    {
        FlowForgeApiException { IsUnreachable: true } => "The runtime does not answer",
        FlowForgeApiException { Status: HttpStatusCode.NotFound } => "Not found",
        FlowForgeApiException { Problem.Title: { Length: > 0 } title } => title,
        FlowForgeApiException e => $"The runtime answered {(int)e.Status!}",
        _ => "Something went wrong",
    };

    /// <summary>The code of a refusal that is explained; null for anything else.</summary>
    public static string? Code(Exception error) => error is FlowForgeApiException { Problem.Code: { } code } ? Explanation.Find(code)?.Code : null;

    public static string? Remedy(Exception error) => error switch
    {
        FlowForgeApiException { IsUnreachable: true } => "The AppHost restarts a service that died; this page tries again by itself.",
        FlowForgeApiException e => e.Suggestion,
        _ => null,
    };
}
