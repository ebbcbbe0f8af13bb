using System.Globalization;
using System.Text.Json;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace FlowForge.Workbench.Sources;

/// <summary>
/// Passes a file's pieces from the browser on to the runtime, which the browser cannot reach. Only for who is logged in; the header, which no other site can set, keeps other pages out.
/// </summary>
internal static class UploadRelay
{
    public const string Path = "/relay/uploads";
    private const string Mark = "X-FlowForge";
    private const long LargestPiece = 64L << 20;

    public static void MapUploadRelay(this WebApplication app)
    {
        var group = app.MapGroup(Path).DisableAntiforgery().AddEndpointFilter(async (context, next) =>
            context.HttpContext.Request.Headers.ContainsKey(Mark) ? await next(context) : Results.StatusCode(StatusCodes.Status403Forbidden));
        group.MapPost("/", (FlowForgeClient api, [FromBody] StartUpload body, CancellationToken ct) => PassAsync(() => api.StartUploadAsync(body, ct)));
        group.MapGet("/{id}", (FlowForgeClient api, string id, CancellationToken ct) => PassAsync(() => api.UploadAsync(id, ct)));
        group.MapPatch("/{id}", (FlowForgeClient api, HttpContext context, string id, CancellationToken ct) =>
        {
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = LargestPiece;
            return long.TryParse(context.Request.Headers["Upload-Offset"], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                ? PassAsync(() => api.SendPieceAsync(id, offset, context.Request.Body, ct)) : Task.FromResult(Results.BadRequest());
        });
        group.MapDelete("/{id}", (FlowForgeClient api, string id, CancellationToken ct) => PassAsync(async () =>
        {
            await api.CancelUploadAsync(id, ct);
            return true;
        }));
    }

    private static async Task<IResult> PassAsync<T>(Func<Task<T>> call)
    {
        try { return Results.Json(await call(), ContractsJson.Options); }
        catch (FlowForgeApiException e) { return Results.Json(new { code = e.Problem.Code, message = e.Message, suggestion = e.Suggestion }, JsonSerializerOptions.Web, statusCode: e.Status is { } status ? (int)status : StatusCodes.Status503ServiceUnavailable); }
    }
}
