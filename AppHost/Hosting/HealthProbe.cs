using System.Net;

namespace FlowForge.AppHost.Hosting;

/// <summary>Asks a service's <c>/health</c> until it answers that it is well.</summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        Timeout = TimeSpan.FromSeconds(5)
    };

    public static async Task WaitUntilHealthyAsync(ProjectResource resource, CancellationToken ct)
    {
        while (!await IsHealthyAsync(resource, ct))
            await Task.Delay(Interval, ct);
    }

    private static async Task<bool> IsHealthyAsync(ProjectResource resource, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(resource.Endpoint, "/health"));
        if (resource.Http2)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }
        try
        {
            using var response = await Http.SendAsync(request, ct);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
