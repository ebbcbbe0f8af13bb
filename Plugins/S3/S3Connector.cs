using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using FlowForge.Plugins.Files;

namespace FlowForge.Plugins.S3;

/// <summary>Hands over and takes the objects of a bucket, of Amazon's or of any service that speaks its protocol.</summary>
[Connector("s3", Title = "S3", Description = "Reads files of a bucket and delivers into it, of Amazon's S3 or of any service that speaks its protocol.", Aliases = ["file_s3"])]
public sealed class S3Connector(ConnectorContext<S3Spec> context) : IListNew, IAfterCommit, ITestConnection, IDiscover, IReportHealth, IFileSink, IDisposable
{
    private const int Retries = 4;
    private readonly S3Spec _spec = context.Settings;
    private AmazonS3Client? _client;

    private BucketSink Sink => new(CallAsync, _spec.Bucket, _spec.Parallel);

    public IAsyncEnumerable<SinkFile> FilesAsync(string path, CancellationToken cancellationToken) => Sink.FilesAsync(path, cancellationToken);

    public Task<byte[]?> GetAsync(string path, CancellationToken cancellationToken) => Sink.GetAsync(path, cancellationToken);

    public Task PutAsync(SinkFile file, Stream content, CancellationToken cancellationToken) => Sink.PutAsync(file, content, cancellationToken);

    public Task RemoveAsync(string path, CancellationToken cancellationToken) => Sink.RemoveAsync(path, cancellationToken);

    public IAsyncEnumerable<SourceFile> ListAsync(CancellationToken cancellationToken) => ListBehindAsync(_ => null, cancellationToken);

    public IAsyncEnumerable<SourceFile> ListNewAsync(IReadOnlyCollection<string> seen, CancellationToken cancellationToken) =>
        ListBehindAsync(_spec.Listing == Listing.AfterLast ? pattern => Behind(pattern, seen) : _ => null, cancellationToken);

    /// <param name="behind">The key behind which the listing of a pattern begins; null for its beginning.</param>
    private async IAsyncEnumerable<SourceFile> ListBehindAsync(Func<string, string?> behind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_spec.AfterLoad == AfterLoad.Move && string.IsNullOrEmpty(_spec.MoveTo)) throw new TerminalException("after_load is move, and move_to is not given.", "Say where loaded objects go, e.g. move_to: done/");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in _spec.Path)
            await foreach (var found in KeysAsync(Prefix(pattern), behind(pattern), cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Matches(pattern, found.Key) && !_spec.Exclude.Any(x => Matches(x, found.Key)) && !IsMoved(found.Key) && seen.Add(found.Key)) yield return File(found);
            }
    }

    private string? Behind(string pattern, IReadOnlyCollection<string> seen)
    {
        List<string> matching = [.. seen.Where(k => Matches(pattern, k)).Distinct(StringComparer.Ordinal)];
        if (matching.Count <= _spec.LookBack) return null;
        matching.Sort(KeyOrder.Instance);
        var key = matching[matching.Count - _spec.LookBack - 1];
        context.Log.Information($"Only keys behind {key} are listed for {pattern} (listing: after_last).");
        return key;
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var pattern = _spec.Path.Count > 0 ? _spec.Path[0] : "**";
            var answer = await PageAsync(new ListObjectsV2Request { BucketName = _spec.Bucket, Prefix = Prefix(pattern), MaxKeys = 1000 }, cancellationToken).ConfigureAwait(false);
            var found = answer.S3Objects?.Count(o => Matches(pattern, o.Key)) ?? 0;
            return $"Bucket {_spec.Bucket} answers, {(answer.IsTruncated == true ? "at least " : "")}{found} objects match {pattern}";
        }
        catch (TransientException e)
        {
            throw new TerminalException(e.Message, "Check endpoint and region, and whether the service runs.", e);
        }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(file.Path) { Bytes = file.Size };
    }

    public async Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) =>
        await Certificates.FactAsync(_spec.Endpoint, cancellationToken).ConfigureAwait(false) is { } fact ? [fact] : [];

    /// <summary>Deletes or moves what was loaded. What is gone already was done by an earlier try.</summary>
    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (_spec.AfterLoad == AfterLoad.Keep) return;
        foreach (var key in filePaths)
        {
            try
            {
                if (_spec.AfterLoad == AfterLoad.Move)
                    await Sink.CopyAsync(key, _spec.MoveTo + key, cancellationToken).ConfigureAwait(false);
                await CallAsync(c => c.DeleteObjectAsync(_spec.Bucket, key, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            catch (TerminalException e) when (e.InnerException is AmazonS3Exception { StatusCode: System.Net.HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" })
            {
                context.Log.Debug($"{key} is gone already.");
            }
        }
    }

    private async IAsyncEnumerable<S3Object> KeysAsync(string prefix, string? behind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = _spec.Bucket, Prefix = prefix, StartAfter = behind, ContinuationToken = next };
            var answer = await PageAsync(request, cancellationToken).ConfigureAwait(false);
            foreach (var found in answer.S3Objects ?? [])
                if (!found.Key.EndsWith('/')) yield return found;
            next = answer.IsTruncated == true ? answer.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <summary>A page of the listing. The client's own time-out ends with the headers, so that a page could stay away for ever; it is given time for the client's tries.</summary>
    private async Task<ListObjectsV2Response> PageAsync(ListObjectsV2Request request, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(_spec.Timeout * (Retries + 1));
        try { return await CallAsync(c => c.ListObjectsV2Async(request, silence.Token), silence.Token).ConfigureAwait(false); }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested) { throw new TransientException($"Bucket {_spec.Bucket}: no list of its objects within {(_spec.Timeout * (Retries + 1)).TotalSeconds:0} s.", inner: e); }
    }

    private SourceFile File(S3Object found) => new()
    {
        Path = found.Key, Size = found.Size, Modified = found.LastModified, ETag = found.ETag?.Trim('"'),
        OpenAsync = cancellationToken => RangedStream.OpenAsync(found.Key, (first, last, ct) => RangeAsync(found, first, last, ct), found.Size ?? 0, _spec.Parallel, _spec.Timeout, cancellationToken),
    };

    private async Task<Stream> RangeAsync(S3Object found, long first, long last, CancellationToken cancellationToken)
    {
        var answer = await CallAsync(c => c.GetObjectAsync(Request(found, new ByteRange(first, last)), cancellationToken), cancellationToken).ConfigureAwait(false);
        try
        {
            RangeAnswer.Check(found.Key, first, answer.HttpStatusCode, ContentRangeHeaderValue.TryParse(answer.ContentRange, out var range) ? range.From : null);
            return answer.ResponseStream;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>The object as it was listed, or nothing: half of one version and half of another would be a file that never was.</summary>
    private GetObjectRequest Request(S3Object found, ByteRange range) => new()
    {
        BucketName = _spec.Bucket, Key = found.Key, EtagToMatch = found.ETag, ByteRange = range,
    };

    private AmazonS3Client Client()
    {
        if (_client is not null) return _client;
        var config = new AmazonS3Config
        {
            ForcePathStyle = _spec.PathStyle ?? _spec.Endpoint is not null, MaxErrorRetry = Retries,
            // Many services know Amazon's protocol without its newer checksums.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (_spec.Endpoint is { } endpoint) (config.ServiceURL, config.AuthenticationRegion) = (endpoint.AbsoluteUri, _spec.Region);
        else config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(_spec.Region);
        AWSCredentials credentials = _spec.AccessKey.IsEmpty ? new AnonymousAWSCredentials()
            : _spec.SessionToken.IsEmpty ? new BasicAWSCredentials(_spec.AccessKey.Reveal(), _spec.SecretKey.Reveal())
            : new SessionAWSCredentials(_spec.AccessKey.Reveal(), _spec.SecretKey.Reveal(), _spec.SessionToken.Reveal());
        return _client = new AmazonS3Client(credentials, config);
    }

    private async Task<T> CallAsync<T>(Func<AmazonS3Client, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await context.Pace.WaitAsync(cancellationToken).ConfigureAwait(false);
        try { return await call(Client()).ConfigureAwait(false); }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested) { throw S3Failures.From(e, _spec.Bucket); }
    }

    private bool IsMoved(string key) => _spec.AfterLoad == AfterLoad.Move && key.StartsWith(_spec.MoveTo!, StringComparison.Ordinal);

    // With the slash a pattern is of the whole key, never of the name alone.
    private static bool Matches(string pattern, string key) => pattern.TrimStart('/') == key || (Glob.IsPattern(pattern) && Glob.MatchesPathOrName("/" + pattern.TrimStart('/'), key));

    /// <summary>What all matching keys begin with: the service lists no more than these.</summary>
    private static string Prefix(string pattern)
    {
        var magic = pattern.AsSpan().IndexOfAny("*?[{");
        return (magic < 0 ? pattern : pattern[..magic]).TrimStart('/');
    }

    public void Dispose() => _client?.Dispose();
}
