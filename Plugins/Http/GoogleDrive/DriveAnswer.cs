using System.Net;
using System.Text.Json;

namespace FlowForge.Plugins.Http.GoogleDrive;

/// <summary>Answers in JSON, and what refusals mean.</summary>
internal static class DriveAnswer
{
    private const int MostBytes = 32 << 20;

    /// <summary>The body; an empty object where it is no object of JSON.</summary>
    /// <exception cref="TransientException">It did not come to its end.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpFiles files, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            var body = JsonDocument.Parse(await files.BeginningAsync(answer, MostBytes, cancellationToken).ConfigureAwait(false));
            if (body.RootElement.ValueKind == JsonValueKind.Object) return body;
            body.Dispose();
        }
        catch (JsonException)
        {
            // As good as none.
        }
        return JsonDocument.Parse("{}");
    }

    /// <summary>A text of the outermost object, null when it is not there.</summary>
    public static string? Text(JsonDocument body, string name) => body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>What a refusal means. Too many requests come as 403, too.</summary>
    public static Exception Failure(HttpStatusCode status, JsonDocument body)
    {
        var error = body.RootElement.TryGetProperty("error", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
        var said = error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        var reason = error.ValueKind == JsonValueKind.Object && error.TryGetProperty("errors", out var all) && all.ValueKind == JsonValueKind.Array && all.GetArrayLength() > 0
            && all[0].ValueKind == JsonValueKind.Object && all[0].TryGetProperty("reason", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        var message = $"Google Drive: HTTP {(int)status}{(said is null ? "" : $": {said}")}";
        if (status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)status >= 500 || reason is "rateLimitExceeded" or "userRateLimitExceeded") return new TransientException(message, TimeSpan.FromSeconds(30));
        return new TerminalException(message, (status, reason) switch
        {
            (_, "exportSizeLimitExceeded") => "Google exports at most 10 MB of a sheet: split it, or save it as a file of its own in the folder.",
            (HttpStatusCode.NotFound, _) => "Check folder_id, and share the folder to the account.",
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) => "Check the credentials, whether the Drive API is switched on for their project, and whether the folder is shared to the account.",
            _ => "Check folder_id.",
        });
    }
}
