using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using FlowForge.Plugins.Files;
using FlowForge.Plugins.S3;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(S3Server))]

namespace FlowForge.Plugins.Tests.S3;

/// <summary>The s3 connector against an S3 server on loopback.</summary>
public sealed class S3ConnectorTests : IAsyncLifetime
{
    private readonly ConnectorFixture _fixture = new();
    private readonly S3Server _server;
    private readonly AmazonS3Client _client;
    private readonly string _bucket = "b" + Guid.NewGuid().ToString("n")[..12];

    public S3ConnectorTests(S3Server server)
    {
        _server = server;
        _client = new AmazonS3Client(new BasicAWSCredentials("key", "canary"), new AmazonS3Config { ServiceURL = server.Endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1", RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED });
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _client.PutBucketAsync(_bucket, Stop);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _fixture.Dispose();
        return ValueTask.CompletedTask;
    }

    private S3Spec Spec(params string[] path) => new() { Endpoint = _server.Endpoint, Bucket = _bucket, AccessKey = new Secret("key"), SecretKey = new Secret("canary"), Path = path };

    private S3Connector Open(S3Spec spec) => new(_fixture.Context(spec));

    [Fact]
    public async Task ReadAsync_ConnectionThatFallsSilent_GoesOnWhereItWas()
    {
        var content = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"silence {i}"));
        await _client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = "a.txt", ContentBody = content, UseChunkEncoding = false }, Stop);
        using var line = TroubledLine.SilentBehind("silence 1", _server.Endpoint, most: 1);
        using var connector = Open(Spec("a.txt") with { Endpoint = line.Before(_server.Endpoint), Timeout = TimeSpan.FromSeconds(4) });
        var file = Assert.Single(await connector.ListAsync(Stop).ToListAsync(Stop));
        using var read = new StreamReader(await file.OpenAsync(Stop));
        Assert.Equal(content, await read.ReadToEndAsync(Stop));
        Assert.Equal(1, line.Silenced);
    }

    [Fact]
    public async Task ListAsync_PageThatBreaksOffInSilence_IsNotWaitedFor()
    {
        using var line = TroubledLine.SilentBehind("<ListBucketResult", _server.Endpoint);
        using var connector = Open(Spec("**") with { Endpoint = line.Before(_server.Endpoint), Timeout = TimeSpan.FromSeconds(0.2) });
        var failure = await Assert.ThrowsAsync<TransientException>(async () => await connector.ListAsync(Stop).ToListAsync(Stop));
        Assert.Equal($"Bucket {_bucket}: no list of its objects within 1 s.", failure.Message);
    }

    [Theory]
    [InlineData("HTTP/1.1 206", "HTTP/1.1 200", "(HTTP 200) begins at byte 0.")]
    [InlineData("bytes 8388608-", "bytes 8388609-", "(HTTP 206) begins at byte 8388609.")]
    public async Task ReadAsync_AnswerOfAnotherRange_IsNotTaken(string text, string instead, string end)
    {
        await _client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = "big.bin", InputStream = new MemoryStream(new byte[9 << 20]), UseChunkEncoding = false }, Stop);
        using var line = TroubledLine.Changing(text, instead, _server.Endpoint);
        using var connector = Open(Spec("big.bin") with { Endpoint = line.Before(_server.Endpoint) });
        var file = Assert.Single(await connector.ListAsync(Stop).ToListAsync(Stop));
        await using var stream = await file.OpenAsync(Stop);
        var failure = await Assert.ThrowsAsync<TerminalException>(() => stream.CopyToAsync(Stream.Null, Stop));
        Assert.Equal("big.bin: byte 8388608 was asked for, and the answer " + end, failure.Message);
        Assert.Equal("What lies between here and the service (a gateway, a proxy) does not pass ranges on: let it, or go around it.", failure.Suggestion);
    }

    private async Task PutAsync(string key, string content = "x") => await _client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = key, ContentBody = content }, Stop);

    private async Task<List<string>> ListAsync(S3Spec spec)
    {
        using var connector = Open(spec);
        return await connector.ListAsync(Stop).Select(f => f.Path).ToListAsync(Stop);
    }

    [Theory]
    [MemberData(nameof(ListedObjects.Patterns), MemberType = typeof(ListedObjects))]
    public async Task ListAsync_Pattern_FindsMatchingKeys(string pattern, string expected)
    {
        await ListedObjects.PutAsync(key => PutAsync(key));
        Assert.Equal(expected, string.Join(' ', await ListAsync(Spec(pattern))));
    }

    [Fact]
    public async Task ListAsync_MoreThanOnePage_ListsAll()
    {
        await ListedObjects.PutManyAsync(1_050, key => PutAsync(key));
        Assert.Equal(1_050, (await ListAsync(Spec("many/*") with { Exclude = ["other/**"] })).Count);
        Assert.Equal(50, (await ListAsync(Spec("many/010*", "many/010*"))).Count);
        Assert.Equal($"Bucket {_bucket} answers, at least 1000 objects match many/*", await Open(Spec("many/*")).TestAsync(Stop));
    }

    [Theory]
    [InlineData(Listing.All, 0, "x/1 x/2 x/3 x/4 x/5 x/7 y/1 y/3")]
    [InlineData(Listing.AfterLast, 0, "x/7 y/3")]
    [InlineData(Listing.AfterLast, 2, "x/3 x/4 x/5 x/7 y/1 y/3")] // x/3 came late
    [InlineData(Listing.AfterLast, 1000, "x/1 x/2 x/3 x/4 x/5 x/7 y/1 y/3")]
    public async Task ListNewAsync_BeginsBehindWhatWasSeen_PatternByPattern(Listing listing, int lookBack, string expected)
    {
        foreach (var key in new[] { "x/1", "x/2", "x/3", "x/4", "x/5", "x/7", "y/1", "y/3", "z/1" }) await PutAsync(key);
        using var connector = Open(Spec("x/*", "y/*") with { Listing = listing, LookBack = lookBack });
        Assert.Equal(expected, string.Join(' ', await connector.ListNewAsync(["y/1", "x/5", "x/2", "x/4", "x/1", "z/9", "x/5", "x/4"], Stop).Select(f => f.Path).ToListAsync(Stop)));
        // A replaced table is always told all.
        Assert.Equal("x/1 x/2 x/3 x/4 x/5 x/7 y/1 y/3", string.Join(' ', await ListAsync(Spec("x/*", "y/*") with { Listing = listing })));
    }

    [Fact]
    public void KeyOrder_IsThatOfUtf8()
    {
        // The test server sorts by UTF-16; a service sorts by bytes.
        string[] keys = ["", "A", "a", "a/b", "ab", "b", "é", "\ud7ff", "\uff21", "\U0001d538", "\U0001f600a"];
        Assert.Equal(keys, keys.Order(StringComparer.Ordinal).Order(KeyOrder.Instance));
        Assert.Equal(keys.Order(KeyOrder.Instance), keys.OrderBy(k => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(k)), StringComparer.Ordinal));
    }

    [Fact]
    public async Task OpenAsync_ObjectReplacedSinceListed_IsNotMixed()
    {
        await PutAsync("a.csv", "old");
        using var connector = Open(Spec("a.csv"));
        await foreach (var file in connector.ListAsync(Stop))
        {
            await PutAsync("a.csv", "new!");
            var failure = await Assert.ThrowsAsync<TransientException>(async () => await file.OpenAsync(Stop));
            Assert.Equal($"Bucket {_bucket}: an object was replaced after it was listed.", failure.Message);
        }
    }

    [Fact]
    public async Task CommittedAsync_MovesOrDeletesOnce()
    {
        await PutAsync("in/a.csv", "content");
        await PutAsync("in/b.csv");
        var move = Spec("**/*.csv") with { AfterLoad = AfterLoad.Move, MoveTo = "done/" };
        await Open(move).CommittedAsync(["in/a.csv"], null, Stop);
        Assert.Equal(["in/b.csv"], await ListAsync(move));
        Assert.Equal(["done/in/a.csv", "in/b.csv"], await ListAsync(Spec("**/*.csv")));
        await Open(move).CommittedAsync(["in/a.csv"], null, Stop);
        var delete = Spec("**/*.csv") with { AfterLoad = AfterLoad.Delete };
        await Open(delete).CommittedAsync(["in/b.csv"], null, Stop);
        await Open(delete).CommittedAsync(["in/b.csv"], null, Stop);
        Assert.Equal(["done/in/a.csv"], await ListAsync(Spec("**/*.csv")));
        Assert.Equal("after_load is move, and move_to is not given.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("*") with { AfterLoad = AfterLoad.Move }))).Message);
    }

    [Fact]
    public async Task Connector_WrongSettings_AreNamed()
    {
        Assert.Equal("There is no bucket nope.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("*") with { Bucket = "nope" }))).Message);
        var away = await Assert.ThrowsAsync<TerminalException>(() => Open(Spec("*") with { Endpoint = new Uri($"http://127.0.0.1:{FreePort.Take()}/") }).TestAsync(Stop));
        Assert.Equal("Check endpoint and region, and whether the service runs.", away.Suggestion);
        Assert.DoesNotContain("canary", away.ToString(), StringComparison.Ordinal);
    }
}
