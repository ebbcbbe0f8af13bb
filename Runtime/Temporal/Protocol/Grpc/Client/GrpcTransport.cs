using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using Google.Protobuf;

namespace FlowForge.Temporal.Protocol;

/// <summary>
/// Unary gRPC calls over HTTP/2. Thread-safe; connections are shared between calls and opened anew when they break.
/// It never retries: what a repeated call means is known only to the caller.
/// </summary>
public sealed class GrpcTransport : IDisposable
{
    private static readonly string UserAgent = $"flowforge/{typeof(GrpcTransport).Assembly.GetName().Version?.ToString(3)}";
    private readonly GrpcTransportOptions _options;
    private readonly HttpClient _http;
    private readonly Uri _base;

    public GrpcTransport(GrpcTransportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _base = GrpcAddress.Parse(options.Address, options.Tls is not null);
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.KeepAliveInterval,
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
            // A cluster behind a name moves its addresses; a connection kept for ever would never notice.
            PooledConnectionLifetime = TimeSpan.FromMinutes(30),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            // Trace context travels in Temporal's own headers, not in each call's.
            ActivityHeadersPropagator = null,
        };
        if (options.Tls is not null)
        {
            handler.SslOptions = GrpcTls.Create(options.Tls, _base.Host);
        }
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The address that calls go to, for messages.</summary>
    public string Address => _options.Address;

    /// <summary>Calls <paramref name="method"/> (<c>package.Service/Method</c>) and waits for its one answer.</summary>
    /// <param name="timeout">Sent as <c>grpc-timeout</c> and enforced here too.</param>
    /// <exception cref="GrpcException">
    /// Any status but OK; UNAVAILABLE when nothing answers or the connection breaks, DEADLINE_EXCEEDED after <paramref name="timeout"/>,
    /// UNAUTHENTICATED when TLS fails.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public async Task<TResponse> CallAsync<TResponse>(
        string method,
        IMessage request,
        MessageParser<TResponse> parser,
        TimeSpan timeout,
        CancellationToken cancellation)
        where TResponse : IMessage<TResponse>
    {
        var started = Stopwatch.GetTimestamp();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(timeout);
        try
        {
            using var message = Message(method, request, timeout);
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, deadline.Token).ConfigureAwait(false);
            return await GrpcResponse.ReadAsync(response, parser, _options.MaxReceiveBytes, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not GrpcException && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException($"The call {method} was cancelled.", e, cancellation);
        }
        catch (Exception e) when (e is not GrpcException && deadline.IsCancellationRequested)
        {
            throw new GrpcException(GrpcCode.DeadlineExceeded,
                $"{method} at {Address} did not answer within {Stopwatch.GetElapsedTime(started).TotalSeconds:0.#} s", [], e);
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException)
        {
            // Waiting does not mend a certificate, so this is not UNAVAILABLE.
            throw new GrpcException(GrpcCode.Unauthenticated, $"{method} at {Address}: TLS failed: {Reason(e)}", [], e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            throw new GrpcException(GrpcCode.Unavailable, $"{method} at {Address}: {Reason(e)}", [], e);
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Message(string method, IMessage request, TimeSpan timeout)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(_base, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(GrpcFrame.ToArray(request)),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(GrpcFrame.ContentType);
        var headers = message.Headers;
        if (_options.Tls?.ServerName is { } name)
        {
            // The handler takes the name to check in the certificate from here, whatever SslOptions say.
            headers.Host = $"{name}:{_base.Port}";
        }
        headers.TryAddWithoutValidation("te", "trailers");
        headers.TryAddWithoutValidation("user-agent", UserAgent);
        headers.TryAddWithoutValidation("grpc-accept-encoding", "identity,gzip");
        headers.TryAddWithoutValidation(GrpcTimeout.Header, GrpcTimeout.Format(timeout));
        foreach (var (key, value) in _options.Metadata)
        {
            headers.TryAddWithoutValidation(key, value);
        }
        return message;
    }

    /// <summary>The innermost message says why ("Connection refused"); the outer ones only that it failed.</summary>
    private static string Reason(Exception e)
    {
        var inner = e;
        while (inner.InnerException is not null)
        {
            inner = inner.InnerException;
        }
        return inner.Message;
    }
}
