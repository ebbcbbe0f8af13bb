using FlowForge.Api.Hooks;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>Posts of other systems. They carry no token of the runtime: each hook has its own proof.</summary>
internal static class HookEndpoints
{
    public const string Root = "/hooks";

    /// <summary>The address that takes posts, beside the API.</summary>
    public static void MapHookPosts(this IEndpointRouteBuilder app) =>
        app.MapPost(Root + "/{name}", TakeAsync).WithTags("Hooks").WithSummary("Takes a post for a hook; 202 when it is on the disk.");

    public static void MapHooks(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/hooks").WithTags("Hooks");
        group.MapGet("/", (HookDesk desk, HttpRequest request) => desk.List($"{request.Scheme}://{request.Host}")).WithSummary("Addresses that take posts, with what they hold.");
        group.MapGet("/{name}/posts", (HookDesk desk, string name, int? limit) => desk.Last(name, Paging.Limit(limit, 20, 200))).WithSummary("The last posts, newest first.");
    }

    private static async Task<Accepted<HookReceipt>> TakeAsync(HookDesk desk, HttpContext context, string name, CancellationToken ct) =>
        TypedResults.Accepted((string?)null, await desk.TakeAsync(name, context.Request.Headers, context.Request.ContentType, most => ReadAsync(context, most, ct), ct));

    private static async Task<byte[]?> ReadAsync(HttpContext context, long most, CancellationToken ct)
    {
        if (context.Request.ContentLength > most) return null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = most + 1;
        var body = new MemoryStream();
        var buffer = new byte[1 << 14];
        while (await context.Request.Body.ReadAsync(buffer, ct) is > 0 and var read)
        {
            body.Write(buffer, 0, read);
            if (body.Length > most) return null;
        }
        return body.ToArray();
    }
}
