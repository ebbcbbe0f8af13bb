using Amazon.S3;
using Amazon.S3.Model;
using FlowForge.Plugins.S3;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(CephServer))]

namespace FlowForge.Plugins.Tests.S3;

/// <summary>Large objects of a real service that checks signatures.</summary>
public sealed class RangedReadTests(CephServer server) : IDisposable
{
    private const int Part = 8 << 20;
    private readonly ConnectorFixture _fixture = new();
    private readonly string _bucket = "r" + Guid.NewGuid().ToString("n")[..12];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private S3Connector Open(int parallel = 4) => new(_fixture.Context(new S3Spec
    {
        Endpoint = server.Endpoint, Bucket = _bucket, AccessKey = new Secret(CephServer.AccessKey), SecretKey = new Secret(CephServer.SecretKey), Path = ["**"], Parallel = parallel,
    }));

    private async Task<AmazonS3Client> BucketAsync(string key, byte[] content)
    {
        var client = server.Ready().Client();
        await client.PutBucketAsync(_bucket, Stop);
        await PutAsync(client, key, content);
        return client;
    }

    private async Task PutAsync(AmazonS3Client client, string key, byte[] content) =>
        await client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = key, InputStream = new MemoryStream(content), UseChunkEncoding = false }, Stop);

    private static async Task<SourceFile> OnlyAsync(S3Connector connector)
    {
        var files = new List<SourceFile>();
        await foreach (var file in connector.ListAsync(Stop)) files.Add(file);
        return Assert.Single(files);
    }

    private static byte[] Content(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Fact]
    public async Task CommittedAsync_LargeObject_IsMovedInParts()
    {
        var content = Content((64 << 20) + 12_345, 3);
        using var client = await BucketAsync("in/lärge 1.bin", content);
        using var connector = new S3Connector(_fixture.Context(new S3Spec
        {
            Endpoint = server.Endpoint, Bucket = _bucket, AccessKey = new Secret(CephServer.AccessKey), SecretKey = new Secret(CephServer.SecretKey), Path = ["in/*"], AfterLoad = AfterLoad.Move, MoveTo = "done/",
        }));
        await connector.CommittedAsync(["in/lärge 1.bin"], null, Stop);
        // Done already.
        await connector.CommittedAsync(["in/lärge 1.bin"], null, Stop);
        Assert.Equal(["done/in/lärge 1.bin"], (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _bucket }, Stop)).S3Objects.Select(o => o.Key));
        using var moved = await client.GetObjectAsync(_bucket, "done/in/lärge 1.bin", Stop);
        using var there = new MemoryStream();
        await moved.ResponseStream.CopyToAsync(there, Stop);
        Assert.True(content.AsSpan().SequenceEqual(there.GetBuffer().AsSpan(0, (int)there.Length)));
        Assert.EndsWith("-2\"", moved.ETag, StringComparison.Ordinal);
        await client.DeleteObjectAsync(_bucket, "done/in/lärge 1.bin", Stop);
    }

    [Theory]
    [InlineData(4, 3 * Part + 12_345)]
    [InlineData(16, 3 * Part)]
    [InlineData(1, 3 * Part + 1)]
    [InlineData(4, 0)]
    public async Task OpenAsync_ObjectOfManyParts_ComesWholeAndInOrder(int parallel, int length)
    {
        var content = Content(length, 7);
        using var client = await BucketAsync("big ü.bin", content);
        using var connector = Open(parallel);
        var file = await OnlyAsync(connector);
        await using var stream = await file.OpenAsync(Stop);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read, 100_003, Stop);
        Assert.True(content.AsSpan().SequenceEqual(read.GetBuffer().AsSpan(0, (int)read.Length)), "The content is another one.");
        Assert.Equal(0, await stream.ReadAsync(new byte[10], Stop));
    }

    [Fact]
    public async Task ReadAsync_ObjectReplacedInTheMiddle_FailsAndIsNotMixed()
    {
        using var client = await BucketAsync("big.bin", Content(6 * Part, 1));
        using var connector = Open(2);
        await using var stream = await (await OnlyAsync(connector)).OpenAsync(Stop);
        await PutAsync(client, "big.bin", Content(6 * Part, 2));
        var failure = await Assert.ThrowsAsync<TransientException>(() => stream.CopyToAsync(Stream.Null, Stop));
        Assert.Equal($"Bucket {_bucket}: an object was replaced after it was listed.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_CancelledOrLeftInTheMiddle_Ends()
    {
        using var client = await BucketAsync("big.bin", Content(5 * Part, 1));
        using var connector = Open();
        var file = await OnlyAsync(connector);
        using var stop = new CancellationTokenSource();
        var stream = await file.OpenAsync(stop.Token);
        Assert.True(await stream.ReadAsync(new byte[1000], stop.Token) > 0);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.CopyToAsync(Stream.Null, stop.Token));
        await stream.DisposeAsync();
        await stream.DisposeAsync();
    }

    public void Dispose() => _fixture.Dispose();
}
