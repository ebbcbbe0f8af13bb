using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.RabbitMq;

/// <summary>What the server's management plugin tells over HTTP: which streams there are, which AMQP cannot say.</summary>
internal static class Management
{
    /// <summary>The streams of the virtual host, by name, with the messages that they keep.</summary>
    public static async Task<IReadOnlyList<DiscoveredTable>> StreamsAsync(RabbitMqSpec spec, Uri management, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = spec.Timeout, MaxResponseContentBufferSize = 64 << 20 };
        var address = new Uri(management.AbsoluteUri.TrimEnd('/') + $"/api/queues/{Uri.EscapeDataString(spec.VirtualHost)}?columns=name,type,messages,message_bytes");
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{spec.User}:{spec.Password.Reveal()}")));
        var shown = address.GetLeftPart(UriPartial.Path);
        try
        {
            using var answer = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) throw new TerminalException($"{shown}: HTTP {(int)answer.StatusCode}: the login may not ask the management plugin.", "Give it the tag management (rabbitmqctl set_user_tags NAME management).");
            if (answer.StatusCode == HttpStatusCode.NotFound) throw new TerminalException($"{shown}: HTTP 404: there is no such virtual host, or this is no management plugin.", "Check virtual_host and management_url.");
            if (!answer.IsSuccessStatusCode) throw new TransientException($"{shown}: HTTP {(int)answer.StatusCode}");
            using var queues = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            return [.. queues.RootElement.EnumerateArray().Where(q => q.TryGetProperty("type", out var type) && type.ValueEquals("stream"))
                .Select(q => new DiscoveredTable(q.GetProperty("name").GetString()!) { Rows = q.TryGetProperty("messages", out var count) && count.TryGetInt64(out var rows) ? rows : null })
                .OrderBy(t => t.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new TransientException($"{shown}: {(e is OperationCanceledException ? $"no answer within {spec.Timeout.TotalSeconds:0} s" : e.InnerException?.Message ?? e.Message)}", inner: e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new TerminalException($"{shown} answers with something that is no list of queues.", "Check management_url.", e);
        }
    }
}
