using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace FlowForge.Plugins.Rest.Http;

/// <summary>An answer, read whole.</summary>
internal sealed record Answer(HttpStatusCode Status, ReadOnlyMemory<byte> Body, HttpResponseHeaders Headers, Uri Address);

/// <summary>
/// Sends requests to one host: with credentials, at the asked pace, waiting when the server asks for it, and trying again what may pass. Credentials never go to another host:
/// neither a redirect nor a link in an answer leads them away.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    private const int Tries = 4, MostRedirects = 5;
    private readonly HttpClient _http;
    private readonly ApiSpec _spec;
    private readonly IConnectorLog _log;
    private readonly Authorization _authorization;
    private readonly Uri _origin;
    private readonly IPace _pace;
    private readonly ApiState _state;
    private long _nextAt;

    /// <param name="first">The address of the first request: its host is the one that is trusted.</param>
    /// <param name="context">Its log and pace, and who masks what is fetched.</param>
    public ApiClient(ApiSpec spec, Uri first, ConnectorContext context)
    {
        (_spec, _log, _pace, _origin) = (spec, context.Log, context.Pace, new Uri((spec.BaseUrl ?? first).GetLeftPart(UriPartial.Authority)));
        _state = ApiState.Of(spec, _origin);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.All, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        _http = new HttpClient(handler) { Timeout = spec.Timeout, MaxResponseContentBufferSize = (long)spec.LargestAnswer << 20 };
        _authorization = new Authorization(spec.Auth, spec.Timeout, context, _state);
    }

    /// <summary>What is worth watching: how long the certificate lasts, and what the last answers told of limits and tokens. Asks the API nothing.</summary>
    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken)
    {
        var facts = _state.Facts(DateTimeOffset.UtcNow).ToList();
        if (await Certificates.FactAsync(_origin, cancellationToken).ConfigureAwait(false) is { } certificate) facts.Add(certificate);
        return facts;
    }

    /// <summary>Tries the host and the credentials where nothing is known yet that could be read: an API has seldom something at its root.</summary>
    /// <returns>What was found, in one line.</returns>
    public async Task<string> LookAsync(Uri address, CancellationToken cancellationToken)
    {
        await PaceAsync(cancellationToken).ConfigureAwait(false);
        Answer answer;
        try
        {
            answer = await OnceAsync(address, null, cancellationToken).ConfigureAwait(false);
            if (answer.Status == HttpStatusCode.Unauthorized && _authorization.Forget()) answer = await OnceAsync(address, null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new TerminalException($"{Shown(address)}: {(e is OperationCanceledException ? $"no answer within {_spec.Timeout.TotalSeconds:0} s" : Innermost(e).Message)}", "Check the address, and whether the server runs.", e);
        }
        if (answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) throw new TerminalException(Message(answer), "Check auth: the credentials, their scopes and rights.");
        if ((int)answer.Status >= 500) throw new TerminalException(Message(answer), "Check the address, and whether the server runs.");
        var token = _authorization.HasToken ? ", a token was given" : "";
        return (int)answer.Status is >= 200 and < 300 ? $"{_origin.Authority} answers{token}" : $"{_origin.Authority} answers{token}; there is nothing at the address itself (HTTP {(int)answer.Status}), so what a job reads is not tried";
    }

    /// <param name="address">Absolute.</param>
    /// <param name="body">JSON to post; null for GET.</param>
    /// <param name="pauseOf">Told of each answer of a good status: how long to wait before it is asked for again, where it says in its body that this was too much; null for a good one.</param>
    /// <param name="mayBeMissing">404 Not Found is given back as an answer.</param>
    public async Task<Answer> SendAsync(Uri address, string? body, CancellationToken cancellationToken, Func<Answer, TimeSpan?>? pauseOf = null, bool mayBeMissing = false)
    {
        var refreshed = false;
        for (var attempt = 1; ; attempt++)
        {
            await PaceAsync(cancellationToken).ConfigureAwait(false);
            Answer answer;
            try
            {
                answer = await OnceAsync(address, body, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
            {
                if (e is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }) throw new TerminalException($"{Shown(address)}: no host of that name is known.", "Check the address.", e);
                if (e is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }) throw new TerminalException($"{Shown(address)}: the answer is larger than {_spec.LargestAnswer} MB.", "Ask for smaller pages, or raise largest_answer.", e);
                var message = $"{Shown(address)}: {(e is OperationCanceledException ? $"no answer within {_spec.Timeout.TotalSeconds:0} s" : Innermost(e).Message)}";
                if (attempt == Tries) throw new TransientException(message, inner: e);
                await WaitAsync(message, BackOff(attempt), cancellationToken).ConfigureAwait(false);
                continue;
            }
            if ((int)answer.Status is >= 200 and < 300)
            {
                SlowDown(answer.Headers);
                if (pauseOf?.Invoke(answer) is not { } asked) return answer;
                var pause = asked > TimeSpan.Zero ? asked : BackOff(attempt);
                if (attempt == Tries || pause > _spec.LongestPause) throw new TransientException(Message(answer), pause);
                await WaitAsync(Message(answer), pause, cancellationToken).ConfigureAwait(false);
                continue;
            }
            if (answer.Status == HttpStatusCode.Unauthorized && !refreshed && _authorization.Forget())
            {
                refreshed = true;
                continue;
            }
            if (mayBeMissing && answer.Status == HttpStatusCode.NotFound) return answer;
            var told = RetryAfter(answer.Headers);
            if (answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout or HttpStatusCode.RequestTimeout)
            {
                var pause = told ?? BackOff(attempt);
                if (attempt == Tries || pause > _spec.LongestPause) throw new TransientException(Message(answer), told);
                await WaitAsync(Message(answer), pause, cancellationToken).ConfigureAwait(false);
                continue;
            }
            if ((int)answer.Status >= 500) throw new TransientException(Message(answer), told);
            throw new TerminalException(Message(answer), answer.Status switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "Check auth: the credentials, their scopes and rights.",
                HttpStatusCode.NotFound or HttpStatusCode.Gone => "Check the url.",
                _ => "Check params and body against the API's documentation.",
            });
        }
    }

    private async Task<Answer> OnceAsync(Uri address, string? body, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            if (!IsTrusted(address)) throw new TerminalException($"An answer leads to {address.GetLeftPart(UriPartial.Authority)}, and credentials go to {_origin.GetLeftPart(UriPartial.Authority)} alone.", "Set base_url to the host that serves the data.");
            using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, address);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            request.Headers.UserAgent.ParseAdd("FlowForge");
            foreach (var (name, value) in _spec.Headers)
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, value.Reveal());
            }
            if (body is not null) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            await _authorization.ApplyAsync(request, cancellationToken).ConfigureAwait(false);
            using var response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect && response.Headers.Location is { } next && redirects < MostRedirects)
            {
                address = new Uri(address, next);
                continue;
            }
            return new Answer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false), response.Headers, address);
        }
    }

    private bool IsTrusted(Uri address) => address.Scheme == _origin.Scheme && address.Host.Equals(_origin.Host, StringComparison.OrdinalIgnoreCase) && address.Port == _origin.Port;

    private async Task PaceAsync(CancellationToken cancellationToken)
    {
        await _pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        var now = Environment.TickCount64;
        if (_nextAt > now) await Task.Delay(TimeSpan.FromMilliseconds(_nextAt - now), cancellationToken).ConfigureAwait(false);
        if (_spec.RequestsPerSecond > 0) _nextAt = Environment.TickCount64 + (long)(1000 / _spec.RequestsPerSecond);
    }

    /// <summary>When the server says that nothing is left until a moment, the next request waits for it.</summary>
    private void SlowDown(HttpResponseHeaders headers)
    {
        var left = One(headers, "X-RateLimit-Remaining", "RateLimit-Remaining", "X-Rate-Limit-Remaining");
        if (long.TryParse(left, CultureInfo.InvariantCulture, out var requests)) _state.Left(requests);
        if (left is not "0" || !long.TryParse(One(headers, "X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset"), CultureInfo.InvariantCulture, out var reset)) return;
        // Some give seconds to wait, others the moment in seconds or in milliseconds.
        var wait = reset switch
        {
            <= 0 => TimeSpan.Zero,
            <= 1_000_000_000 => TimeSpan.FromSeconds(reset),
            <= 100_000_000_000 => DateTimeOffset.FromUnixTimeSeconds(reset) - DateTimeOffset.UtcNow,
            <= 100_000_000_000_000 => DateTimeOffset.FromUnixTimeMilliseconds(reset) - DateTimeOffset.UtcNow,
            _ => TimeSpan.Zero,
        };
        if (wait <= TimeSpan.Zero) return;
        if (wait > _spec.LongestPause) wait = _spec.LongestPause;
        _log.Information($"The server's rate limit is used up: the next request waits {wait.TotalSeconds:0} s.");
        _nextAt = Environment.TickCount64 + (long)wait.TotalMilliseconds;
    }

    private static TimeSpan? RetryAfter(HttpResponseHeaders headers) =>
        headers.RetryAfter is { Delta: { } delta } ? delta
        : headers.RetryAfter is { Date: { } date } ? TimeSpan.FromSeconds(Math.Max(0, (date - DateTimeOffset.UtcNow).TotalSeconds))
        : null;

    private async Task WaitAsync(string why, TimeSpan pause, CancellationToken cancellationToken)
    {
        _log.Warning(string.Create(CultureInfo.InvariantCulture, $"{why}; asked again in {pause.TotalSeconds:0.#} s"));
        await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
    }

    private static TimeSpan BackOff(int attempt) => TimeSpan.FromMilliseconds(250 * (1 << attempt) * (0.75 + Random.Shared.NextDouble() / 2));

    /// <summary>Where an answer came from, its status and how it begins, without secrets.</summary>
    public string Message(Answer answer)
    {
        var text = System.Text.Encoding.UTF8.GetString(answer.Body.Span[..Math.Min(answer.Body.Length, 300)]).ReplaceLineEndings(" ").Trim();
        return _authorization.Hide($"{Shown(answer.Address)}: HTTP {(int)answer.Status} {answer.Status}{(text.Length > 0 ? $": {text}" : "")}");
    }

    /// <summary>Without the query, which may carry keys.</summary>
    private static string Shown(Uri address) => address.GetLeftPart(UriPartial.Path);

    private static string? One(HttpResponseHeaders headers, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (headers.TryGetValues(name, out var values)) return values.First();
        return null;
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    public void Dispose() => _http.Dispose();
}
