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
    private readonly AmazonS3Client client;
    private readonly S3LakeOptions options;

    public S3Bucket(S3LakeOptions options)
    {
        this.options = options;
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle ?? options.Endpoint is not null, MaxErrorRetry = 4, Timeout = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(10),
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
        using var answer = await client.GetObjectAsync(options.Bucket, key).ConfigureAwait(false);
        var content = new byte[answer.ContentLength];
        await using var stream = answer.ResponseStream;
        await stream.ReadExactlyAsync(content).ConfigureAwait(false);
        return content;
    }, whenMissing: null);

    public bool Exists(string key) => Call(async () => await client.GetObjectMetadataAsync(options.Bucket, key).ConfigureAwait(false) is not null, whenMissing: false);

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

    /// <summary>Puts a file; a large one in parts, which appear together or not at all.</summary>
    /// <returns>False when an object of that name is there.</returns>
    public bool Upload(string file, string key) => new FileInfo(file).Length <= PartBytes ? UploadWhole(file, key) : UploadInParts(file, key);

    private bool UploadWhole(string file, string key)
    {
        return Call(async () =>
        {
            try
            {
                await client.PutObjectAsync(new PutObjectRequest { BucketName = options.Bucket, Key = key, FilePath = file, IfNoneMatch = "*", UseChunkEncoding = false }).ConfigureAwait(false);
                return true;
            }
            catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.PreconditionFailed)
            {
                return false;
            }
        });
    }

    private bool UploadInParts(string file, string key) => Call(async () =>
    {
        if (Exists(key)) return false;
        var length = new FileInfo(file).Length;
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
        catch
        {
            await client.AbortMultipartUploadAsync(options.Bucket, key, upload).ConfigureAwait(false);
            throw;
        }
    });

    /// <summary>Writes the object into a new local file, a large one by several ranges at once, all of the same version of the object. Flushed.</summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    public void Download(string key, string file)
    {
        var found = Call(async () =>
        {
            using var handle = File.OpenHandle(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
            using var first = await client.GetObjectAsync(new GetObjectRequest { BucketName = options.Bucket, Key = key, ByteRange = new ByteRange(0, PartBytes - 1) }).ConfigureAwait(false);
            await Copy(first, handle, 0, CancellationToken.None).ConfigureAwait(false);
            var length = first.ContentRange is { } range && long.TryParse(range.AsSpan(range.LastIndexOf('/') + 1), out var whole) ? whole : first.ContentLength;
            var parts = (int)((length + PartBytes - 1) / PartBytes) - 1;
            if (parts > 0)
            {
                await System.Threading.Tasks.Parallel.ForAsync(0, parts, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (i, ct) =>
                {
                    var from = (i + 1) * PartBytes;
                    using var part = await client.GetObjectAsync(new GetObjectRequest
                    {
                        BucketName = options.Bucket, Key = key, EtagToMatch = first.ETag, ByteRange = new ByteRange(from, Math.Min(from + PartBytes, length) - 1),
                    }, ct).ConfigureAwait(false);
                    await Copy(part, handle, from, ct).ConfigureAwait(false);
                }).ConfigureAwait(false);
            }
            RandomAccess.FlushToDisk(handle);
            return true;
        }, whenMissing: false);
        if (!found) throw new FileNotFoundException($"{options} has no object {key}, which a version of a table names. It was removed by hand or by vacuum; restore it from a backup or a version of the bucket.", key);
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

    private static async Task Copy(GetObjectResponse answer, Microsoft.Win32.SafeHandles.SafeFileHandle handle, long at, CancellationToken ct)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            await using var stream = answer.ResponseStream;
            var left = answer.ContentLength;
            while (left > 0)
            {
                var got = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), ct).ConfigureAwait(false);
                if (got == 0) throw new EndOfStreamException($"{answer.Key} ended {left} bytes too early.");
                await RandomAccess.WriteAsync(handle, buffer.AsMemory(0, got), at, ct).ConfigureAwait(false);
                (at, left) = (at + got, left - got);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private T Call<T>(Func<Task<T>> call)
    {
        try
        {
            return call().GetAwaiter().GetResult();
        }
        catch (Exception e) when (Meant(e) is AmazonServiceException or AmazonClientException or HttpRequestException or EndOfStreamException or OperationCanceledException or TimeoutException)
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
