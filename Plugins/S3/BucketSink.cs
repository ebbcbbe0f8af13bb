using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace FlowForge.Plugins.S3;

/// <summary>Puts objects: a small one by one request, a large one in parts. Either way it shows when all of it is there, and not before.</summary>
/// <param name="call">Runs a request, with failures as the contract's.</param>
/// <param name="bucket">Its name.</param>
/// <param name="parallel">Parts that are sent at once, and so kept in memory.</param>
internal sealed class BucketSink(BucketSink.Caller call, string bucket, int parallel)
{
    private const int PartBytes = 8 << 20;
    private const int CopiedBytes = 64 << 20;
    private const int MostParts = 9_000;

    public delegate Task<object> Caller(Func<AmazonS3Client, Task<object>> request, CancellationToken cancellationToken);

    public async IAsyncEnumerable<SinkFile> FilesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var key = Key(path);
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = bucket, Prefix = key, Delimiter = "/", ContinuationToken = next };
            var answer = await AskAsync(c => c.ListObjectsV2Async(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var found in answer.S3Objects ?? [])
                if (found.Key == key ? !path.EndsWith('/') : path.EndsWith('/')) yield return new SinkFile(path + found.Key[key.Length..], found.Size ?? 0);
            next = answer.IsTruncated == true ? answer.NextContinuationToken : null;
        }
        while (next is not null);
    }

    public async Task<byte[]?> GetAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await AskAsync(c => c.GetObjectAsync(bucket, Key(path), cancellationToken), cancellationToken).ConfigureAwait(false);
            using var content = new MemoryStream();
            await answer.ResponseStream.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
            return content.ToArray();
        }
        catch (TerminalException e) when (e.InnerException is AmazonS3Exception { StatusCode: System.Net.HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" })
        {
            return null;
        }
    }

    public async Task PutAsync(SinkFile file, Stream content, CancellationToken cancellationToken)
    {
        var key = Key(file.Path);
        if (file.Size > PartBytes)
        {
            await PutPartsAsync(key, file.Size, content, cancellationToken).ConfigureAwait(false);
            return;
        }
        var bytes = await ReadAsync(content, (int)file.Size, cancellationToken).ConfigureAwait(false);
        await AskAsync(c => c.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, InputStream = new MemoryStream(bytes) }, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public Task RemoveAsync(string path, CancellationToken cancellationToken) => AskAsync(c => c.DeleteObjectAsync(bucket, Key(path), cancellationToken), cancellationToken);

    /// <summary>Copies an object within the bucket, the bytes staying at the service: a small one by one request, a large one in parts, as the service copies no more than 5 GB at once.</summary>
    public async Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        var facts = await AskAsync(c => c.GetObjectMetadataAsync(bucket, from, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (facts.ContentLength <= CopiedBytes)
        {
            await AskAsync(c => c.CopyObjectAsync(new CopyObjectRequest { SourceBucket = bucket, SourceKey = from, ETagToMatch = facts.ETag, DestinationBucket = bucket, DestinationKey = to }, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }
        await AbortLeftoversAsync(to, cancellationToken).ConfigureAwait(false);
        var begin = new InitiateMultipartUploadRequest { BucketName = bucket, Key = to, ContentType = facts.Headers.ContentType };
        foreach (var name in facts.Metadata.Keys) begin.Metadata[name] = facts.Metadata[name];
        var upload = (await AskAsync(c => c.InitiateMultipartUploadAsync(begin, cancellationToken), cancellationToken).ConfigureAwait(false)).UploadId;
        try
        {
            var parts = new List<PartETag>();
            var partBytes = Math.Max(CopiedBytes, facts.ContentLength / MostParts);
            for (long at = 0; at < facts.ContentLength; at += partBytes)
            {
                var number = parts.Count + 1;
                var request = new CopyPartRequest
                {
                    SourceBucket = bucket, SourceKey = from, ETagToMatch = [facts.ETag], DestinationBucket = bucket, DestinationKey = to, UploadId = upload, PartNumber = number,
                    FirstByte = at, LastByte = Math.Min(at + partBytes, facts.ContentLength) - 1,
                };
                parts.Add(new PartETag(number, (await AskAsync(c => c.CopyPartAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false)).ETag));
            }
            await AskAsync(c => c.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = to, UploadId = upload, PartETags = parts }, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await AbortAsync(to, upload).ConfigureAwait(false);
            throw;
        }
    }

    private async Task PutPartsAsync(string key, long size, Stream content, CancellationToken cancellationToken)
    {
        await AbortLeftoversAsync(key, cancellationToken).ConfigureAwait(false);
        var upload = (await AskAsync(c => c.InitiateMultipartUploadAsync(bucket, key, cancellationToken), cancellationToken).ConfigureAwait(false)).UploadId;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var room = new SemaphoreSlim(parallel);
        List<Task<PartETag>> parts = [];
        try
        {
            var partBytes = Math.Max(PartBytes, size / MostParts);
            for (long at = 0; at < size; at += partBytes)
            {
                await room.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (parts.FirstOrDefault(p => p.IsFaulted) is { } failed) await failed.ConfigureAwait(false);
                var bytes = await ReadAsync(content, (int)Math.Min(partBytes, size - at), cancellationToken).ConfigureAwait(false);
                parts.Add(SendAsync(key, upload, parts.Count + 1, bytes, room, stop.Token));
            }
            var sent = await Task.WhenAll(parts).ConfigureAwait(false);
            await AskAsync(c => c.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload, PartETags = [.. sent] }, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(parts)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await AbortAsync(key, upload).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<PartETag> SendAsync(string key, string upload, int number, byte[] bytes, SemaphoreSlim room, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await AskAsync(c => c.UploadPartAsync(new UploadPartRequest { BucketName = bucket, Key = key, UploadId = upload, PartNumber = number, PartSize = bytes.Length, InputStream = new MemoryStream(bytes) }, cancellationToken), cancellationToken).ConfigureAwait(false);
            return new PartETag(number, answer.ETag);
        }
        finally
        {
            room.Release();
        }
    }

    /// <summary>Parts that a killed process sent are seen by nobody and paid for by somebody.</summary>
    private async Task AbortLeftoversAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var open = await AskAsync(c => c.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket, Prefix = key }, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (var left in open.MultipartUploads ?? [])
                if (left.Key == key) await AbortAsync(key, left.UploadId).ConfigureAwait(false);
        }
        catch (TerminalException)
        {
            // Not everybody who may put may list uploads.
        }
    }

    private async Task AbortAsync(string key, string upload)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try { await AskAsync(c => c.AbortMultipartUploadAsync(bucket, key, upload, patience.Token), patience.Token).ConfigureAwait(false); }
        catch (Exception e) when (e is TerminalException or TransientException or OperationCanceledException) { /* The next put of this object tries again. */ }
    }

    private async Task<T> AskAsync<T>(Func<AmazonS3Client, Task<T>> request, CancellationToken cancellationToken) =>
        (T)await call(async c => (await request(c).ConfigureAwait(false))!, cancellationToken).ConfigureAwait(false);

    private static async Task<byte[]> ReadAsync(Stream content, int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        await content.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    private static string Key(string path) => path.Split('/') is var parts && (parts.Contains("..") || parts.Contains("."))
        ? throw new TerminalException($"{path} has . or .. in it, which mean nothing in a bucket.", "Write the whole key.")
        : path.TrimStart('/');
}
