using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using FlowForge.Plugins.Files;
using FlowForge.Plugins.S3;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests;

/// <summary>What every sink of files promises, for each that there is.</summary>
public sealed class FileSinkTests(S3Server server) : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task File_KeepsThePromises()
    {
        var context = _fixture.Context(new FileSpec { Path = [] });
        var sink = new FileConnector(context);
        await CheckAsync(sink);
        var left = Path.Combine(context.BaseDirectory, "out");
        Assert.Empty(Directory.EnumerateFileSystemEntries(left, ".*"));

        File.CreateSymbolicLink(Path.Combine(left, "link.csv"), "/tmp/elsewhere.csv");
        foreach (var path in (string[])["../x.csv", "/tmp/x.csv", "out/link.csv"])
        {
            using var content = new MemoryStream([1]);
            var refused = await Assert.ThrowsAsync<TerminalException>(() => sink.PutAsync(new SinkFile(path, 1), content, Stop));
            Assert.Equal($"{path} lies outside the folders that may be written.", refused.Message);
        }
        Assert.Contains("is a folder.", (await Assert.ThrowsAsync<TerminalException>(() => FilesAsync(sink, "out"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task S3_KeepsThePromises_AndSendsLargeObjectsInParts()
    {
        var bucket = "sink" + Guid.NewGuid().ToString("n")[..12];
        using var client = new AmazonS3Client(new BasicAWSCredentials("key", "canary"), new AmazonS3Config { ServiceURL = server.Endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1", RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED });
        await client.PutBucketAsync(bucket, Stop);
        using var sink = new S3Connector(_fixture.Context(new S3Spec { Endpoint = server.Endpoint, Bucket = bucket, AccessKey = new Secret("key"), SecretKey = new Secret("canary"), Path = [] }));
        await CheckAsync(sink);

        // What a killed process left of an upload goes with the next put of the same object.
        await client.InitiateMultipartUploadAsync(bucket, "out/large.bin", Stop);
        var large = new byte[(35 << 20) + 7];
        new Random(5).NextBytes(large);
        using (var content = new MemoryStream(large)) await sink.PutAsync(new SinkFile("out/large.bin", large.Length), content, Stop);
        Assert.Equal(large, await sink.GetAsync("out/large.bin", Stop));
        Assert.Empty((await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket }, Stop)).MultipartUploads ?? []);

        // A source that breaks off leaves nothing.
        using (var cut = new MemoryStream(large, 0, 20 << 20)) await Assert.ThrowsAsync<EndOfStreamException>(() => sink.PutAsync(new SinkFile("out/cut.bin", large.Length), cut, Stop));
        Assert.Empty(await FilesAsync(sink, "out/cut.bin"));
        Assert.Empty((await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket }, Stop)).MultipartUploads ?? []);

        using var one = new MemoryStream([1]);
        Assert.Equal("a/../b.csv has . or .. in it, which mean nothing in a bucket.", (await Assert.ThrowsAsync<TerminalException>(() => sink.PutAsync(new SinkFile("a/../b.csv", 1), one, Stop))).Message);
    }

    private static async Task CheckAsync(IFileSink sink)
    {
        Assert.Empty(await FilesAsync(sink, "out/"));
        Assert.Null(await sink.GetAsync("out/a.csv", Stop));
        await sink.RemoveAsync("out/a.csv", Stop);
        await PutAsync("out/a.csv", "one");
        await PutAsync("out/ä b.csv", "");
        await PutAsync("out/deep/c.csv", "ccc");
        await PutAsync("out/a.csv", "another");
        Assert.Equal(["out/a.csv 7", "out/ä b.csv 0"], await FilesAsync(sink, "out/"));
        Assert.Equal(["out/a.csv 7"], await FilesAsync(sink, "out/a.csv"));
        Assert.Empty(await FilesAsync(sink, "out/a"));
        Assert.Equal("another"u8.ToArray(), await sink.GetAsync("out/a.csv", Stop));
        Assert.Empty((await sink.GetAsync("out/ä b.csv", Stop))!);

        // Cancelled in the middle: what was there stays.
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.PutAsync(new SinkFile("out/a.csv", 1 << 20), new Halting(stop), stop.Token));
        Assert.Equal(["out/a.csv 7", "out/ä b.csv 0"], await FilesAsync(sink, "out/"));
        await sink.RemoveAsync("out/ä b.csv", Stop);
        Assert.Equal(["out/a.csv 7"], await FilesAsync(sink, "out/"));

        async Task PutAsync(string path, string text)
        {
            using var content = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            await sink.PutAsync(new SinkFile(path, content.Length), content, Stop);
        }
    }

    private static async Task<List<string>> FilesAsync(IFileSink sink, string path)
    {
        var files = new List<string>();
        await foreach (var file in sink.FilesAsync(path, Stop)) files.Add($"{file.Path} {file.Size}");
        return [.. files.Order(StringComparer.Ordinal)];
    }

    /// <summary>Content of which half comes, and then a cancellation.</summary>
    private sealed class Halting(CancellationTokenSource stop) : MemoryStream(new byte[1 << 20])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position >= 1 << 19)
            {
                await stop.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }
            return Read(buffer.Span[..Math.Min(buffer.Length, 1 << 16)]);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => CopyAsync(destination, cancellationToken);

        private async Task CopyAsync(Stream destination, CancellationToken cancellationToken)
        {
            var buffer = new byte[1 << 16];
            while (await ReadAsync(buffer, cancellationToken) is > 0 and var read) await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }
}
