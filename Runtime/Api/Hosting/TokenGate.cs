using FlowForge.Api.Endpoints;
using FlowForge.Api.Problems;
using FlowForge.Contracts;
using FlowForge.ServiceDefaults;

namespace FlowForge.Api.Hosting;

/// <summary>Lets a request through when it carries the token; <c>/health</c> needs none, and posts to <c>/hooks</c> have a proof of their own.</summary>
internal sealed class TokenGate(RequestDelegate next, AccessToken token)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path == "/health" || IsPost(context.Request) || token.Matches(Presented(context.Request)))
            return next(context);
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"flowforge\"";
        return ProblemAnswers.WriteAsync(context, new Problem
        {
            Status = StatusCodes.Status401Unauthorized, Code = "FF4010", Title = "Token needed",
            Detail = "This request carries no token that the runtime accepts.",
            Suggestion = "Send the header Authorization: Bearer <token>; the token is in the file 'token' of the data folder."
        });
    }

    private static bool IsPost(HttpRequest request) => HttpMethods.IsPost(request.Method) && request.Path.StartsWithSegments(HookEndpoints.Root, StringComparison.Ordinal);

    private static string? Presented(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        return header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : null;
    }
}
