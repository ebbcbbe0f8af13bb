using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using FlowForge.Lake.Files;

namespace FlowForge.Lake.S3;

/// <summary>
/// The calls that a lake makes to its bucket; keys are whole. Thread-safe, one for the process. The lake's interface is synchronous, so calls block; none of them
/// holds more than a part of a file in memory.
/// </summary>
internal sealed class S3Bucket : IDisposable
{
    private const long PartBytes = 16 << 20;
    private const int Parallel = 4;
    private const int Conflicts = 20;
    private const int BodyRetries = 4;
    private readonly AmazonS3Client client;
    private readonly S3LakeOptions options;

    public S3Bucket(S3LakeOptions options)
    {
        this.options = options;
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle ?? options.Endpoint is not null, MaxErrorRetry = options.Retries, Timeout = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(10),
            // Many services know Amazon's protocol without its newer checksums.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.Endpoint is { } endpoint) (config.ServiceURL, config.AuthenticationRegion) = (endpoint.AbsoluteUri, options.Region);
        else config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        client = options.AccessKey is not { Length: > 0 } key ? new AmazonS3Client(config)
            : options.SessionToken is { Length: > 0 } token ? new AmazonS3Client(new SessionAWSCredentials(key, options.SecretKey, token), config)
            : new AmazonS3Client(new BasicAWSCredentials(key, options.SecretKey), config);
    }

    /// <summary>The object's content, or null when there is none.</summary>
    public byte[]? Read(string key) => Call(async () =>
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var answer = await client.GetObjectAsync(options.Bucket, key).ConfigureAwait(false);
                return await new S3Body(answer, options.StallTime).ReadAllAsync().ConfigureAwait(false);
            }
            catch (BrokenBodyException) when (attempt < BodyRetries)
            {
                await S3Body.PauseAsync(attempt, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }, whenMissing: null);

    public bool Exists(string key) => Length(key) is not null;

    /// <summary>The object's size in bytes, or null when there is none.</summary>
    public long? Length(string key) => Call<long?>(async () => (await client.GetObjectMetadataAsync(options.Bucket, key).ConfigureAwait(false)).ContentLength, whenMissing: null);

    /// <summary>
    /// Puts an object unless one is there. An answer can be lost and the call be made again by the client: an object with this very content then is our own, which is so as each
    /// log entry has a random id in it.
    /// </summary>
    public bool PutIfAbsent(string key, byte[] content)
    {
        for (var attempt = 0; ; attempt++)
        {
            var status = TryPut(key, content);
            if (status == HttpStatusCode.OK) return true;
            if (status == HttpStatusCode.PreconditionFailed) return Read(key) is { } there && there.AsSpan().SequenceEqual(content);
            // Another writer is at the same key at this moment; one of both wins.
            if (attempt == Conflicts) throw new LakeStorageException("FF2704", $"{options} refused {key} {Conflicts} times because others write it at the same moment. It is tried again.", true);
            Thread.Sleep(Random.Shared.Next(20, 100));
        }
    }

    /// <summary>Puts with the condition once: OK, PreconditionFailed or Conflict.</summary>
    public HttpStatusCode TryPut(string key, byte[] content) => Call(async () =>
    {
        try
        {
            using var stream = new MemoryStream(content, writable: false);
            await client.PutObjectAsync(new PutObjectRequest { BucketName = options.Bucket, Key = key, InputStream = stream, IfNoneMatch = "*", UseChunkEncoding = false }).ConfigureAwait(false);
            return HttpStatusCode.OK;
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            return e.StatusCode;
        }
    });

    public void Put(string key, byte[] content) => Call(async () =>
    {
        using var stream = new MemoryStream(content, writable: false);
        return await client.PutObjectAsync(new PutObjectRequest { BucketName = options.Bucket, Key = key, InputStream = stream, UseChunkEncoding = false }).ConfigureAwait(false);
    });

    /// <summary>
    /// Puts a file; a large one in parts, which appear together or not at all. When the answer is lost, the object that is there tells: names of files are used once, so
    /// one of the same size is this one.
    /// </summary>
    /// <returns>False when another object of that name is there.</returns>
    public bool Upload(string file, string key)
    {
        var length = new FileInfo(file).Length;
        return Call(() => length <= PartBytes ? UploadWholeAsync(file, key, length) : UploadInPartsAsync(file, key, length));
    }

    private async Task<bool> UploadWholeAsync(string file, string key, long length)
    {
        try
        {
            await client.PutObjectAsync(new PutObjectRequest { BucketName = options.Bucket, Key = key, FilePath = file, IfNoneMatch = "*", UseChunkEncoding = false }).ConfigureAwait(false);
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed)
        {
            return await HasLengthAsync(key, length).ConfigureAwait(false);
        }
        catch (Exception e) when (S3Errors.IsService(e))
        {
            if (await HasLengthAsync(key, length).ConfigureAwait(false)) return true;
            throw;
        }
    }

    private async Task<bool> UploadInPartsAsync(string file, string key, long length)
    {
        if (Exists(key)) return false;
        var size = Math.Max(PartBytes, (length / 9_000) + 1);
        var upload = (await client.InitiateMultipartUploadAsync(options.Bucket, key).ConfigureAwait(false)).UploadId;
        try
        {
            var tags = new PartETag[(length + size - 1) / size];
            await System.Threading.Tasks.Parallel.ForAsync(0, tags.Length, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (i, ct) =>
            {
                var part = await client.UploadPartAsync(new UploadPartRequest
                {
                    BucketName = options.Bucket, Key = key, UploadId = upload, PartNumber = i + 1, FilePath = file, FilePosition = i * size, PartSize = Math.Min(size, length - (i * size)), UseChunkEncoding = false,
                }, ct).ConfigureAwait(false);
                tags[i] = new PartETag(i + 1, part.ETag);
            }).ConfigureAwait(false);
            await client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = options.Bucket, Key = key, UploadId = upload, PartETags = [.. tags] }).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            // A repeated completion finds its upload gone when the first one did the work.
            if (S3Errors.IsService(e) && await HasLengthAsync(key, length).ConfigureAwait(false)) return true;
            await TryAbortAsync(key, upload).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<bool> HasLengthAsync(string key, long length)
    {
        try
        {
            return (await client.GetObjectMetadataAsync(options.Bucket, key).ConfigureAwait(false)).ContentLength == length;
        }
        catch (Exception e) when (S3Errors.IsService(e))
        {
            // Whoever asks has an error already that says more.
            return false;
        }
    }

    private async Task TryAbortAsync(string key, string upload)
    {
        try
        {
            await client.AbortMultipartUploadAsync(options.Bucket, key, upload).ConfigureAwait(false);
        }
        catch (Exception e) when (S3Errors.IsService(e))
        {
            // Parts that stay are invisible; the bucket's rule for incomplete uploads removes them.
        }
    }

    /// <summary>
    /// Writes the object into a local file, a large one by several ranges at once, all of the same version of the object; a body that breaks off goes on where it ended. Flushed.
    /// </summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    public void Download(string key, string file)
    {
        var found = Call(async () =>
        {
            using var handle = File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
            var (length, tag) = await RangeAsync(key, null, 0, PartBytes - 1, handle, CancellationToken.None).ConfigureAwait(false);
            var parts = (int)((length + PartBytes - 1) / PartBytes) - 1;
            if (parts > 0)
            {
                await System.Threading.Tasks.Parallel.ForAsync(0, parts, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (i, ct) =>
                {
                    var from = (i + 1) * PartBytes;
                    await RangeAsync(key, tag, from, Math.Min(from + PartBytes, length) - 1, handle, ct).ConfigureAwait(false);
                }).ConfigureAwait(false);
            }
            RandomAccess.SetLength(handle, length);
            RandomAccess.FlushToDisk(handle);
            return true;
        }, whenMissing: false);
        if (!found) throw Missing(key);
    }

    /// <summary>Says that a file is gone which a version names.</summary>
    public FileNotFoundException Missing(string key) =>
        new($"{options} has no object {key}, which a version of a table names. It was removed by hand or by vacuum; restore it from a backup or a version of the bucket.", key);

    // The whole object's length and tag.
    private async Task<(long Length, string Tag)> RangeAsync(string key, string? tag, long from, long last, Microsoft.Win32.SafeHandles.SafeFileHandle handle, CancellationToken ct)
    {
        var at = from;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = options.Bucket, Key = key, EtagToMatch = tag, ByteRange = new ByteRange(at, last) }, ct).ConfigureAwait(false);
                tag ??= answer.ETag;
                await new S3Body(answer, options.StallTime).CopyAsync(handle, at, ct).ConfigureAwait(false);
                var length = answer.ContentRange is { } range && long.TryParse(range.AsSpan(range.LastIndexOf('/') + 1), out var whole) ? whole : answer.ContentLength;
                return (length, tag);
            }
            catch (BrokenBodyException e) when (attempt < BodyRetries)
            {
                at += e.Done;
                await S3Body.PauseAsync(attempt, ct).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Objects whose keys begin with a prefix; without <paramref name="recursive"/> none with a further slash.</summary>
    public IEnumerable<StoredFile> List(string prefix, bool recursive)
    {
        foreach (var page in Pages(prefix, recursive ? null : "/"))
            foreach (var found in page.S3Objects ?? [])
                if (!found.Key.EndsWith('/')) yield return new StoredFile(found.Key, found.Size ?? 0, found.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime()) : DateTimeOffset.MinValue);
    }

    /// <summary>Names between a prefix and the next slash.</summary>
    public IEnumerable<string> Folders(string prefix)
    {
        foreach (var page in Pages(prefix, "/"))
            foreach (var folder in page.CommonPrefixes ?? []) yield return folder[prefix.Length..].TrimEnd('/');
    }

    public void Delete(string key) => Call(async () => await client.DeleteObjectAsync(options.Bucket, key).ConfigureAwait(false));

    private IEnumerable<ListObjectsV2Response> Pages(string prefix, string? delimiter)
    {
        string? next = null;
        do
        {
            var token = next;
            var page = Call(() => client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = options.Bucket, Prefix = prefix, Delimiter = delimiter, ContinuationToken = token }));
            yield return page;
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    private T Call<T>(Func<Task<T>> call)
    {
        try
        {
            return call().GetAwaiter().GetResult();
        }
        catch (Exception e) when (S3Errors.IsService(Meant(e)))
        {
            throw S3Errors.From(Meant(e), options);
        }
    }

    private T? Call<T>(Func<Task<T>> call, T? whenMissing) => Call(async () =>
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode is not "NoSuchBucket")
        {
            return whenMissing;
        }
    });

    // Parallel parts fail together; the first says why.
    private static Exception Meant(Exception e) => e is AggregateException { InnerExceptions: [var first, ..] } ? first : e;

    public void Dispose() => client.Dispose();
}
