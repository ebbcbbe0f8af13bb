using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using FlowForge.Plugins.Files;

namespace FlowForge.Plugins.AzureBlob;

/// <summary>A blob as a listing shows it.</summary>
internal sealed record Blob(string Name, long Size, DateTimeOffset? Modified, string ETag);

/// <summary>The calls of Azure's Blob service that the connector makes: signed with the account's key, by a shared access signature, or not at all.</summary>
internal sealed class BlobService : IDisposable
{
    private const string Version = "2021-08-06";
    private const int MostTries = 4;
    private const int MostOfAPage = 64 << 20;
    private readonly AzureBlobSpec _spec;
    private readonly IPace _pace;
    private readonly Uri _endpoint;
    private readonly byte[]? _key;
    private readonly string _sas;
    private readonly HttpClient _client;

    public BlobService(AzureBlobSpec spec, IPace pace)
    {
        (_spec, _pace) = (spec, pace);
        _endpoint = spec.Endpoint ?? new Uri($"https://{spec.Account}.blob.core.windows.net");
        if (_endpoint.Scheme is not ("http" or "https")) throw new TerminalException($"endpoint {_endpoint} is no address of http or https.", "Write it like https://ACCOUNT.blob.core.windows.net, or leave it out.");
        _sas = spec.SasToken.IsEmpty ? "" : spec.SasToken.Reveal().TrimStart('?');
        if (!spec.AccountKey.IsEmpty && _sas.Length > 0) throw new TerminalException("There are both an account_key and a sas_token.", "Give one of them.");
        try { _key = spec.AccountKey.IsEmpty ? null : Convert.FromBase64String(spec.AccountKey.Reveal()); }
        catch (FormatException e) { throw new TerminalException("account_key is not base64.", "Copy the key of the storage account as the portal shows it.", e); }
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = spec.Timeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    public Uri Endpoint => _endpoint;

    /// <summary>When the shared access signature ends, as it says itself; null without one, and for one whose end is kept in the service.</summary>
    public DateTimeOffset? SignatureEnds => _sas.Split('&').FirstOrDefault(p => p.StartsWith("se=", StringComparison.Ordinal)) is { } end
        && DateTimeOffset.TryParse(Uri.UnescapeDataString(end["se=".Length..]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var ends) ? ends : null;

    /// <summary>Blobs whose names begin with a prefix, in the order of their names; folders of hierarchical accounts left out.</summary>
    /// <param name="most">Names a page.</param>
    public async IAsyncEnumerable<Blob> ListAsync(string prefix, int most, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var marker = "";
        do
        {
            var query = $"restype=container&comp=list&include=metadata&maxresults={most.ToString(CultureInfo.InvariantCulture)}&prefix={Uri.EscapeDataString(prefix)}{(marker.Length > 0 ? "&marker=" + Uri.EscapeDataString(marker) : "")}";
            using var answer = await SendAsync(HttpMethod.Get, "", query, null, cancellationToken).ConfigureAwait(false);
            var page = await PageAsync(answer, cancellationToken).ConfigureAwait(false);
            foreach (var blob in page.Element("Blobs")?.Elements("Blob") ?? [])
                if (ToBlob(blob) is { } found) yield return found;
            marker = page.Element("NextMarker")?.Value ?? "";
        }
        while (marker.Length > 0);
    }

    /// <summary>A range of the blob as it was listed, or an error.</summary>
    public async Task<Stream> ReadAsync(Blob blob, long first, long last, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, blob.Name, "", r =>
        {
            r.Headers.TryAddWithoutValidation("x-ms-range", string.Create(CultureInfo.InvariantCulture, $"bytes={first}-{last}"));
            r.Headers.TryAddWithoutValidation("If-Match", blob.ETag);
        }, cancellationToken).ConfigureAwait(false);
        try
        {
            RangeAnswer.Check(blob.Name, first, answer.StatusCode, answer.Content.Headers.ContentRange?.From);
            return await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>Deletes the blob; false when it is gone already.</summary>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Delete, name, "", null, cancellationToken, maybe: HttpStatusCode.NotFound).ConfigureAwait(false);
        return answer.StatusCode != HttpStatusCode.NotFound;
    }

    /// <summary>Copies a blob inside the container and waits for it; false when it is gone already.</summary>
    public async Task<bool> CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var status = "";
        using (var answer = await SendAsync(HttpMethod.Put, to, "", r => r.Headers.TryAddWithoutValidation("x-ms-copy-source", Address(from, "").AbsoluteUri), cancellationToken, maybe: HttpStatusCode.NotFound).ConfigureAwait(false))
        {
            if (answer.StatusCode == HttpStatusCode.NotFound) return false;
            status = CopyStatus(answer);
        }
        while (status == "pending")
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken).ConfigureAwait(false);
            using var answer = await SendAsync(HttpMethod.Head, to, "", null, cancellationToken).ConfigureAwait(false);
            status = CopyStatus(answer);
        }
        return status is "success" or "" ? true : throw new TransientException($"Container {_spec.Container}: the copy of {from} to {to} ended with \"{status}\".");
    }

    private static string CopyStatus(HttpResponseMessage answer) => answer.Headers.TryGetValues("x-ms-copy-status", out var values) ? values.First() : "";

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string blob, string query, Action<HttpRequestMessage>? prepare, CancellationToken cancellationToken, HttpStatusCode? maybe = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            await _pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            using var request = new HttpRequestMessage(method, Address(blob, query));
            if (method == HttpMethod.Put) request.Content = new ByteArrayContent([]);
            request.Headers.TryAddWithoutValidation("x-ms-version", Version);
            request.Headers.TryAddWithoutValidation("x-ms-date", DateTime.UtcNow.ToString("R", CultureInfo.InvariantCulture));
            prepare?.Invoke(request);
            if (_key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("SharedKey", $"{_spec.Account}:{Signature(request, _key)}");
            try
            {
                var answer = await OnceAsync(request, cancellationToken).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode || answer.StatusCode == maybe && await CodeAsync(answer, cancellationToken).ConfigureAwait(false) is not "ContainerNotFound") return answer;
                using (answer) throw await FailureAsync(answer, blob, cancellationToken).ConfigureAwait(false);
            }
            catch (TransientException e) when (attempt < MostTries && e.InnerException is not PreconditionException)
            {
                await Task.Delay(e.RetryAfter ?? TimeSpan.FromMilliseconds(200 << attempt), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<HttpResponseMessage> OnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_spec.Timeout);
        try { return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false); }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new TransientException($"Container {_spec.Container}: no answer within {_spec.Timeout.TotalSeconds:0} s.", inner: e); }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.NameResolutionError) { throw new TerminalException($"No host {_endpoint.Host} is known.", "Check account and endpoint.", e); }
        catch (Exception e) when (e is HttpRequestException or IOException) { throw new TransientException($"Container {_spec.Container}: {Innermost(e).Message}", inner: e); }
    }

    private Uri Address(string blob, string query)
    {
        var path = blob.Length == 0 ? _spec.Container : $"{_spec.Container}/{string.Join('/', blob.Split('/').Select(Uri.EscapeDataString))}";
        var all = string.Join('&', new[] { query, _sas }.Where(q => q.Length > 0));
        // Dots in names are names here, and no way up.
        return new Uri($"{_endpoint.AbsoluteUri.TrimEnd('/')}/{path}{(all.Length > 0 ? "?" + all : "")}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }

    /// <summary>Azure's Shared Key: verb, eleven standard headers, the x-ms headers and the address, hashed with the account's key.</summary>
    private string Signature(HttpRequestMessage request, byte[] key)
    {
        var text = new StringBuilder(request.Method.Method).Append("\n\n\n\n\n\n\n\n").Append(Header(request, "If-Match")).Append("\n\n\n\n");
        foreach (var (name, values) in request.Headers.Where(h => h.Key.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase)).OrderBy(h => h.Key, StringComparer.Ordinal))
            text.Append(name.ToLowerInvariant()).Append(':').AppendJoin(',', values).Append('\n');
        var address = request.RequestUri!;
        text.Append('/').Append(_spec.Account).Append(address.AbsolutePath);
        foreach (var parameter in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).OrderBy(p => p[0], StringComparer.Ordinal))
            text.Append('\n').Append(parameter[0].ToLowerInvariant()).Append(':').Append(Uri.UnescapeDataString(parameter.ElementAtOrDefault(1) ?? ""));
        return Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string Header(HttpRequestMessage request, string name) => request.Headers.TryGetValues(name, out var values) ? values.First() : "";

    private async Task<Exception> FailureAsync(HttpResponseMessage answer, string blob, CancellationToken cancellationToken)
    {
        var code = await CodeAsync(answer, cancellationToken).ConfigureAwait(false);
        var what = $"Container {_spec.Container}: {(blob.Length > 0 ? blob + ": " : "")}HTTP {(int)answer.StatusCode} {code}";
        return answer.StatusCode switch
        {
            _ when code == "ContainerNotFound" => new TerminalException($"There is no container {_spec.Container} in account {_spec.Account}.", "Correct container, account or endpoint."),
            HttpStatusCode.PreconditionFailed => new TransientException($"Container {_spec.Container}: {blob} was replaced after it was listed.", inner: new PreconditionException()),
            HttpStatusCode.NotFound when blob.Length > 0 => new TransientException($"Container {_spec.Container}: {blob} is not there any more.", inner: new PreconditionException()),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new TerminalException(what, "Check account_key or sas_token, when it ends, and its rights (list and read; delete and write for after_load)."),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new TransientException(what, answer.Headers.RetryAfter?.Delta),
            _ => new TerminalException(what, "Check account, endpoint and container."),
        };
    }

    private async Task<string> CodeAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.Headers.TryGetValues("x-ms-error-code", out var values)) return values.First();
        try
        {
            return (await PageAsync(answer, cancellationToken).ConfigureAwait(false)).Element("Code")?.Value ?? answer.ReasonPhrase ?? "";
        }
        catch (TransientException)
        {
            return answer.ReasonPhrase ?? "";
        }
    }

    private async Task<XElement> PageAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(_spec.Timeout);
        try
        {
            // First all of it: a reader of XML does not hand a token on to what it reads from.
            await answer.Content.LoadIntoBufferAsync(MostOfAPage, silence.Token).ConfigureAwait(false);
            var stream = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using var _ = stream.ConfigureAwait(false);
            using var reader = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, Async = true, MaxCharactersInDocument = MostOfAPage });
            return (await XDocument.LoadAsync(reader, LoadOptions.PreserveWhitespace, cancellationToken).ConfigureAwait(false)).Root!;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new TransientException($"Container {_spec.Container}: the answer did not come to its end within {_spec.Timeout.TotalSeconds:0} s.", inner: e); }
        catch (XmlException e) { throw new TransientException($"The service's answer is not the XML that is expected: {e.Message}", inner: e); }
        catch (Exception e) when (e is IOException or HttpRequestException) { throw new TransientException($"The answer broke off: {Innermost(e).Message}", inner: e); }
    }

    private static Blob? ToBlob(XElement blob)
    {
        var name = blob.Element("Name")!;
        var properties = blob.Element("Properties")!;
        var isFolder = properties.Element("ResourceType")?.Value == "directory" || blob.Element("Metadata")?.Element("hdi_isfolder")?.Value == "true";
        // Names that XML cannot hold come percent-encoded.
        var text = name.Attribute("Encoded")?.Value == "true" ? Uri.UnescapeDataString(name.Value) : name.Value;
        if (isFolder || text.EndsWith('/')) return null;
        var modified = DateTimeOffset.TryParse(properties.Element("Last-Modified")?.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : (DateTimeOffset?)null;
        var etag = properties.Element("Etag")?.Value ?? "";
        return new Blob(text, long.Parse(properties.Element("Content-Length")!.Value, CultureInfo.InvariantCulture), modified, etag.StartsWith('"') ? etag : $"\"{etag}\"");
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    public void Dispose() => _client.Dispose();

    /// <summary>Marks what another try of the same request cannot mend.</summary>
    private sealed class PreconditionException : Exception;
}
