using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace FlowForge.Plugins.Http;

/// <summary>Hands over files that web servers offer.</summary>
[Connector("http", Title = "HTTP files", Description = "Reads files from web servers by their addresses.")]
public sealed class HttpConnector : IFileSource, ITestConnection, IDiscover, IReportHealth, IDisposable
{
    private readonly HttpSpec _spec;
    private readonly HttpFiles _files;

    public HttpConnector(ConnectorContext<HttpSpec> context) => (_spec, _files) = (context.Settings, new HttpFiles(context.Settings, context.Pace));

    public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var address in _spec.Url.Select(_files.Address).DistinctBy(a => a.AbsoluteUri))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await LookAsync(address, cancellationToken).ConfigureAwait(false) is { } file) yield return file;
        }
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        var address = _spec.Url.Count > 0 ? _files.Address(_spec.Url[0]) : _spec.BaseUrl ?? throw new TerminalException("There is neither base_url nor a url.", "Set base_url.");
        try
        {
            using var answer = await _files.SendAsync(HttpMethod.Head, address, null, cancellationToken).ConfigureAwait(false);
            // A host may offer files without listing them.
            if (!answer.IsSuccessStatusCode && (_spec.Url.Count > 0 ? answer.StatusCode is not (HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented) : answer.StatusCode is HttpStatusCode.Unauthorized || (int)answer.StatusCode >= 500)) throw HttpFiles.Failure(address, answer);
            return _spec.Url.Count == 0 ? $"{address.Host} answers" : $"{HttpFiles.Shown(address)} answers{(answer.Content.Headers.ContentLength is { } size ? $", {size} bytes" : "")}";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check the address, and whether the server runs.", e);
        }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(file.Path) { Bytes = file.Size };
    }

    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) =>
        await Certificates.FactAsync(_spec.BaseUrl ?? (_spec.Url.Count > 0 ? _files.Address(_spec.Url[0]) : null), cancellationToken).ConfigureAwait(false) is { } fact ? [fact] : [];

    private async Task<SourceFile?> LookAsync(Uri address, CancellationToken cancellationToken)
    {
        var answer = await _files.SendAsync(HttpMethod.Head, address, null, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented or HttpStatusCode.Forbidden)
        {
            // Some know GET alone: its headers say the same, and its body is not read.
            answer.Dispose();
            answer = await _files.SendAsync(HttpMethod.Get, address, null, cancellationToken).ConfigureAwait(false);
        }
        using (answer)
        {
            if (_spec.MayBeMissing && answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone) return null;
            if (!answer.IsSuccessStatusCode) throw HttpFiles.Failure(address, answer);
            var size = answer.Content.Headers.ContentEncoding.Count == 0 ? answer.Content.Headers.ContentLength : null;
            if (size > _spec.MaxMegabytes << 20) throw TooLarge(address);
            var (etag, modified) = (answer.Headers.ETag, answer.Content.Headers.LastModified);
            return new SourceFile
            {
                Path = NameOf(address), Size = size, ETag = etag?.Tag.Trim('"'), Modified = modified,
                OpenAsync = async ct => await HttpFileStream.OpenAsync(_files, address, etag, modified, _spec, await ChecksumAsync(address, ct).ConfigureAwait(false), ct).ConfigureAwait(false),
            };
        }
    }

    public static TerminalException TooLargeOf(Uri address, long megabytes) => new($"{HttpFiles.Shown(address)} is larger than {megabytes} MB.", "Raise max_megabytes if that is meant.");

    private TerminalException TooLarge(Uri address) => TooLargeOf(address, _spec.MaxMegabytes);

    private async Task<byte[]?> ChecksumAsync(Uri address, CancellationToken cancellationToken)
    {
        if (_spec.Checksum is not { } pattern) return null;
        var place = _files.Address(pattern.Replace("{url}", address.AbsoluteUri, StringComparison.Ordinal));
        using var answer = await _files.SendAsync(HttpMethod.Get, place, static r => r.Headers.Range = new RangeHeaderValue(0, 1023), cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode) throw HttpFiles.Failure(place, answer);
        var word = Encoding.ASCII.GetString(await _files.BeginningAsync(answer, 1024, cancellationToken).ConfigureAwait(false)).Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        return word.Length is 32 or 40 or 64 or 128 && word.All(char.IsAsciiHexDigit) ? Convert.FromHexString(word)
            : throw new TerminalException($"{HttpFiles.Shown(place)} holds no checksum: it begins with \"{(word.Length > 40 ? word[..40] + "…" : word)}\".", "Correct checksum.");
    }

    /// <summary>Queries may hold keys: in the name of a file, and so in the table, a mark stands for them.</summary>
    private static string NameOf(Uri address)
    {
        var shown = HttpFiles.Shown(address);
        if (address.Query.Length <= 1) return shown;
        var cut = shown.LastIndexOf('/') + 1;
        return $"{shown[..cut]};{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.Query)))[..8]}/{shown[cut..]}";
    }

    public void Dispose() => _files.Dispose();
}
