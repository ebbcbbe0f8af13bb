using System.Net;
using System.Net.Http.Headers;

namespace FlowForge.AppHost.Hosting;

/// <summary>Asks a service for its health until it is well: <c>GET /health</c>, or <c>grpc.health.v1</c> where it speaks gRPC.</summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>One gRPC frame (no compression, two bytes) with HealthCheckResponse { status: SERVING }.</summary>
    private static readonly byte[] Serving = [0, 0, 0, 0, 2, 8, 1];

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
        using var request = resource.Http2 ? GrpcCheck(resource) : new HttpRequestMessage(HttpMethod.Get, new Uri(resource.Endpoint, "/health"));
        try
        {
            using var response = await Http.SendAsync(request, ct);
            return response.StatusCode == HttpStatusCode.OK
                   && (!resource.Http2 || (await response.Content.ReadAsByteArrayAsync(ct)).AsSpan().SequenceEqual(Serving));
        }
        catch (Exception e) when (e is HttpRequestException || e is OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>An empty HealthCheckRequest: the server as a whole.</summary>
    private static HttpRequestMessage GrpcCheck(ProjectResource resource) => new(HttpMethod.Post, new Uri(resource.Endpoint, "/grpc.health.v1.Health/Check"))
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        Headers = { TE = { new TransferCodingWithQualityHeaderValue("trailers") } }
    };
}
