using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace FlowForge.Contracts;

/// <summary>
/// Typed client of the runtime API. Thread-safe; one instance serves a whole process. Every error is a
/// <see cref="FlowForgeApiException"/>; cancelling a call throws <see cref="OperationCanceledException"/>.
/// </summary>
public sealed partial class FlowForgeClient
{
    private readonly HttpClient http;

    /// <param name="http">With <see cref="HttpClient.BaseAddress"/> set to the runtime's root and the bearer token as default header. Not disposed here.
    /// Its time-out bounds ordinary calls; event streams are not bound by it.</param>
    public FlowForgeClient(HttpClient http)
    {
        ArgumentNullException.ThrowIfNull(http);
        this.http = http;
    }

    /// <summary>A client with an HttpClient of its own, for tools.</summary>
    /// <param name="runtime">Root of the runtime: <c>http://127.0.0.1:5080</c>.</param>
    public static FlowForgeClient Connect(Uri runtime, string token)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        var handler = new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        var http = new HttpClient(handler) { BaseAddress = runtime, Timeout = TimeSpan.FromSeconds(100) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new FlowForgeClient(http);
    }

    private Task<T> GetAsync<T>(object path, CancellationToken ct) => SendAsync<T>(HttpMethod.Get, path, null, ct);

    private async Task<T> SendAsync<T>(HttpMethod method, object path, object? body, CancellationToken ct)
    {
        using var response = await ExchangeAsync(method, path, body, HttpCompletionOption.ResponseContentRead, null, ct);
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(ContractsJson.Options, ct)
                   ?? throw new JsonException("The answer was the JSON value null.");
        }
        catch (JsonException e)
        {
            throw new FlowForgeApiException($"The runtime's answer to {method} /api/v1/{path} could not be understood: {e.Message}",
                "Check that the runtime and this tool are of the same version.", e);
        }
    }

    private async Task SendAsync(HttpMethod method, object path, object? body, CancellationToken ct)
    {
        using var _ = await ExchangeAsync(method, path, body, HttpCompletionOption.ResponseContentRead, null, ct);
    }

    /// <summary>Sends one request and returns a successful response; everything else throws.</summary>
    private async Task<HttpResponseMessage> ExchangeAsync(HttpMethod method, object path, object? body, HttpCompletionOption completion,
        Action<HttpRequestMessage>? prepare, CancellationToken ct)
    {
        var address = path.ToString()!;
        using var request = new HttpRequestMessage(method, address.StartsWith('/') ? address : "/api/v1/" + address);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: ContractsJson.Options);
        prepare?.Invoke(request);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, completion, ct);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new FlowForgeApiException($"The runtime at {http.BaseAddress} did not answer within {http.Timeout.TotalSeconds:0} s.",
                "It may be busy; try again, or look at its log.", e);
        }
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw new FlowForgeApiException(response.StatusCode, await ReadProblemAsync(response, ct));
    }

    private FlowForgeApiException Unreachable(Exception e) => new(
        $"The runtime at {http.BaseAddress} cannot be reached: {e.Message}", "Start it with: dotnet run --project AppHost", e);

    private static async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken ct)
    {
        try
        {
            if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
                return await response.Content.ReadFromJsonAsync<Problem>(ContractsJson.Options, ct) ?? Bare(response.StatusCode);
        }
        catch (JsonException)
        {
            // An answer that only looks like JSON says nothing more than its status does.
        }
        return Bare(response.StatusCode);
    }

    private static Problem Bare(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => new Problem
        {
            Status = 401, Title = "Token needed", Detail = "The runtime did not accept the token.",
            Suggestion = "Use the token file of the data folder of the running environment."
        },
        _ => new Problem { Status = (int)status, Title = status.ToString(), Detail = $"The runtime answered {(int)status} ({status})." }
    };

    private static string Escape(string segment) => Uri.EscapeDataString(segment);
}
