using System.Globalization;
using FlowForge.Api.Hosting;
using FlowForge.Api.Problems;
using FlowForge.Api.Uploads;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>The upload area: files in pieces, which jobs read as <c>upload:NAME</c>.</summary>
internal static class UploadEndpoints
{
    private const string OffsetHeader = "Upload-Offset", LengthHeader = "Upload-Length";

    public static void MapUploads(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/uploads").WithTags("Uploads");
        group.MapGet("/", (UploadStore uploads) => uploads.List()).WithSummary("Files of the upload area, and those on their way.");
        group.MapPost("/", Start).WithSummary("Asks for a place for a file; an unfinished one of the same name, size and checksum goes on.");
        group.MapGet("/{id}", (UploadStore uploads, string id) => uploads.Get(id)).WithSummary("How far a file has got.");
        group.MapMethods("/{id}", ["HEAD"], Head).WithSummary("How far a file has got, in the headers Upload-Offset and Upload-Length.");
        group.MapPatch("/{id}", AppendAsync).WithSummary("Takes the next piece (the body), which begins at the header Upload-Offset. The last piece checks the file and moves it into the upload area.");
        group.MapDelete("/{id}", Cancel).WithSummary("Gives up a file that is on its way.");
        group.MapDelete("/files/{name}", Delete).WithSummary("Deletes a file of the upload area.");
    }

    private static Created<UploadState> Start(UploadStore uploads, StartUpload body)
    {
        var state = uploads.Start(body);
        return TypedResults.Created($"/api/v1/uploads/{state.Id}", state);
    }

    private static NoContent Head(UploadStore uploads, HttpResponse response, string id)
    {
        Say(response, uploads.Get(id));
        response.Headers.CacheControl = "no-store";
        return TypedResults.NoContent();
    }

    private static async Task<UploadState> AppendAsync(UploadStore uploads, RuntimeSettings settings, HttpContext context, string id, CancellationToken ct)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = settings.LargestUploadBytes;
        if (!long.TryParse(context.Request.Headers[OffsetHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            throw ProblemException.Bad("FF4141", $"The header {OffsetHeader} must say where the piece begins.");
        var state = await uploads.AppendAsync(id, offset, context.Request.Body, ct);
        Say(context.Response, state);
        return state;
    }

    private static NoContent Cancel(UploadStore uploads, string id)
    {
        uploads.Cancel(id);
        return TypedResults.NoContent();
    }

    private static NoContent Delete(UploadStore uploads, string name)
    {
        uploads.Delete(name);
        return TypedResults.NoContent();
    }

    private static void Say(HttpResponse response, UploadState state)
    {
        response.Headers[OffsetHeader] = state.Offset.ToString(CultureInfo.InvariantCulture);
        response.Headers[LengthHeader] = state.Size.ToString(CultureInfo.InvariantCulture);
    }
}
