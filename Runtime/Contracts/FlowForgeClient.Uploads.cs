using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    /// <summary>What the upload area holds.</summary>
    public Task<UploadArea> UploadsAsync(CancellationToken ct = default) => GetAsync<UploadArea>("uploads", ct);

    /// <summary>Asks for a place. The same unfinished file (name, size, checksum) gets the place that it had: send on at its offset.</summary>
    public Task<UploadState> StartUploadAsync(StartUpload upload, CancellationToken ct = default) => SendAsync<UploadState>(HttpMethod.Post, "uploads", upload, ct);

    /// <summary>How far a file has got.</summary>
    public Task<UploadState> UploadAsync(string id, CancellationToken ct = default) => GetAsync<UploadState>($"uploads/{Escape(id)}", ct);

    /// <summary>Sends the next piece. The last one checks the file and moves it into the upload area.</summary>
    /// <param name="offset">Where the piece begins; refused with status 409 when that is not where the file ends by now.</param>
    public async Task<UploadState> SendPieceAsync(string id, long offset, Stream piece, CancellationToken ct = default)
    {
        using var response = await ExchangeAsync(HttpMethod.Patch, $"uploads/{Escape(id)}", null, HttpCompletionOption.ResponseContentRead, request =>
        {
            request.Headers.Add("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture));
            request.Content = new StreamContent(piece);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }, ct);
        return (await response.Content.ReadFromJsonAsync<UploadState>(ContractsJson.Options, ct))!;
    }

    /// <summary>Gives up a file that is on its way.</summary>
    public Task CancelUploadAsync(string id, CancellationToken ct = default) => SendAsync(HttpMethod.Delete, $"uploads/{Escape(id)}", null, ct);

    /// <summary>Deletes a file of the upload area; what was loaded from it stays.</summary>
    public Task DeleteUploadedAsync(string name, CancellationToken ct = default) => SendAsync(HttpMethod.Delete, $"uploads/files/{Escape(name)}", null, ct);
}
