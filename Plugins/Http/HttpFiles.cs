using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace FlowForge.Plugins.Http;

/// <summary>Sends requests for files: with credentials to their own host alone, following a few redirects.</summary>
internal sealed class HttpFiles : IDisposable
{
    private readonly HttpClient _client;
    private readonly HttpSpec _spec;
    private readonly IPace _pace;
    private readonly Func<CancellationToken, ValueTask<AuthenticationHeaderValue>>? _credentials;
    private readonly Func<HttpResponseMessage, CancellationToken, ValueTask<Exception>>? _failures;

    /// <param name="credentials">Gives the credentials of each request to the host of <c>base_url</c>, where they are not those of the settings.</param>
    /// <param name="failures">Says what an answer that brings no file means, where its body says more than its status.</param>
    public HttpFiles(HttpSpec spec, IPace pace, Func<CancellationToken, ValueTask<AuthenticationHeaderValue>>? credentials = null, Func<HttpResponseMessage, CancellationToken, ValueTask<Exception>>? failures = null)
    {
        (_spec, _pace, _credentials, _failures) = (spec, pace, credentials, failures);
        // What the server packs for the way would change sizes and ranges: files come as they are.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = spec.Timeout })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    public Uri Address(string url)
    {
        if (!Uri.TryCreate(_spec.BaseUrl, url, out var address) && !Uri.TryCreate(url, UriKind.Absolute, out address))
            throw new TerminalException($"\"{url}\" is no address{(_spec.BaseUrl is null ? ", and there is no base_url that it could begin at" : "")}.", "Write it like https://example.com/file.csv, or set base_url.");
        return address.Scheme is "http" or "https" ? address : throw new TerminalException($"\"{url}\" is no address of http or https.");
    }

    /// <summary>An address as it may be shown and kept: without name, password and query.</summary>
    public static string Shown(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>Asks once; the answer's body has not been read. The caller disposes it.</summary>
    /// <param name="prepare">Adds headers.</param>
    /// <exception cref="TransientException">No answer, or one that may be another next time.</exception>
    /// <exception cref="TerminalException">Refused.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, Action<HttpRequestMessage>? prepare, CancellationToken cancellationToken)
    {
        if (_spec.BaseUrl is null && (!_spec.Token.IsEmpty || _spec.User.Length > 0 || _spec.Headers.Count > 0))
            throw new TerminalException("There are credentials (token, user or headers), and no base_url that says to which host they may go.", "Set base_url to the host of the credentials.");
        var first = address;
        for (var redirects = 0; ; redirects++)
        {
            await _pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            using var request = new HttpRequestMessage(method, address);
            request.Headers.UserAgent.ParseAdd("FlowForge");
            request.Headers.AcceptEncoding.ParseAdd("identity");
            if (IsTrusted(address)) AddCredentials(request);
            if (IsTrusted(address) && _credentials is not null) request.Headers.Authorization = await _credentials(cancellationToken).ConfigureAwait(false);
            prepare?.Invoke(request);
            var answer = await OnceAsync(request, cancellationToken).ConfigureAwait(false);
            if (answer.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || answer.Headers.Location is not { } location) return answer;
            answer.Dispose();
            if (_spec.MaxRedirects == 0) throw new TerminalException($"{Shown(first)} redirects to {Shown(new Uri(address, location))}, which is not followed.", "Write the address that it leads to.");
            if (redirects == _spec.MaxRedirects) throw new TerminalException($"{Shown(first)} redirects more than {_spec.MaxRedirects} times.", "Write the address that it leads to, or raise max_redirects.");
            var next = new Uri(address, location);
            if (next.Scheme is not ("http" or "https") || (address.Scheme == "https" && next.Scheme == "http")) throw new TerminalException($"{Shown(first)} redirects to {Shown(next)}, from {address.Scheme} to {next.Scheme}.", "If that is meant, write that address.");
            address = next;
        }
    }

    private async Task<HttpResponseMessage> OnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_spec.Timeout);
        try { return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false); }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new TransientException($"{Shown(request.RequestUri!)}: no answer within {_spec.Timeout.TotalSeconds:0} s.", inner: e); }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.NameResolutionError) { throw new TerminalException($"{Shown(request.RequestUri!)}: no host of that name is known.", "Check the address.", e); }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError) { throw new TerminalException($"{Shown(request.RequestUri!)}: {Innermost(e).Message}", "Check the server's certificate, and whether it is trusted here.", e); }
        catch (Exception e) when (e is HttpRequestException or IOException) { throw new TransientException($"{Shown(request.RequestUri!)}: {Innermost(e).Message}", inner: e); }
    }

    /// <summary>Reads what comes next of an answer's body, for as long as the settings say that a server may be silent.</summary>
    /// <exception cref="TransientException">Nothing came in time, or the connection broke.</exception>
    public async ValueTask<int> NextAsync(Stream body, Memory<byte> buffer, Uri address, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_spec.Timeout);
        try { return await body.ReadAsync(buffer, timeout.Token).ConfigureAwait(false); }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new TransientException($"{Shown(address)}: nothing more came within {_spec.Timeout.TotalSeconds:0} s.", inner: e); }
        catch (Exception e) when (e is HttpRequestException or IOException) { throw new TransientException($"{Shown(address)}: {Innermost(e).Message}", inner: e); }
    }

    /// <summary>The first bytes of an answer's body, at most so many; for answers that are no files.</summary>
    public async Task<byte[]> BeginningAsync(HttpResponseMessage answer, int most, CancellationToken cancellationToken)
    {
        var address = answer.RequestMessage!.RequestUri!;
        var stream = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        using var body = new MemoryStream();
        var buffer = new byte[Math.Min(most, 1 << 16)];
        while (body.Length < most && await NextAsync(stream, buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - body.Length)), address, cancellationToken).ConfigureAwait(false) is > 0 and var read) body.Write(buffer, 0, read);
        return body.ToArray();
    }

    /// <summary>What an answer that brings no file means, with what its body says.</summary>
    public ValueTask<Exception> FailureAsync(Uri address, HttpResponseMessage answer, CancellationToken cancellationToken) =>
        _failures is null ? ValueTask.FromResult(Failure(address, answer)) : _failures(answer, cancellationToken);

    /// <summary>What an answer that brings no file means.</summary>
    public static Exception Failure(Uri address, HttpResponseMessage answer)
    {
        var message = $"{Shown(address)}: HTTP {(int)answer.StatusCode} {answer.ReasonPhrase}";
        return answer.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new TerminalException(message, "Check the url, or set may_be_missing."),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.ProxyAuthenticationRequired => new TerminalException(message, "Check user and password, token or headers, and their rights."),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.PreconditionFailed or >= HttpStatusCode.InternalServerError => new TransientException(message, RetryAfter(answer)),
            _ => new TerminalException(message, "Check the url."),
        };
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > DateTimeOffset.UtcNow => date - DateTimeOffset.UtcNow,
        _ => null,
    };

    private bool IsTrusted(Uri address) => address.GetLeftPart(UriPartial.Authority) == _spec.BaseUrl?.GetLeftPart(UriPartial.Authority);

    private void AddCredentials(HttpRequestMessage request)
    {
        if (!_spec.Token.IsEmpty) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _spec.Token.Reveal());
        else if (_spec.User.Length > 0) request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_spec.User}:{_spec.Password.Reveal()}")));
        foreach (var (name, value) in _spec.Headers)
            if (!request.Headers.TryAddWithoutValidation(name, value.Reveal())) throw new TerminalException($"\"{name}\" can be no header of a request.", "Correct headers.");
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    public void Dispose() => _client.Dispose();
}
