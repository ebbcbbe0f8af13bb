using FlowForge.Plugins.AzureBlob;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(AzureServer))]

namespace FlowForge.Plugins.Tests.AzureBlob;

/// <summary>The azure_blob connector against Azure's emulator on loopback.</summary>
public sealed class AzureBlobConnectorTests(AzureServer server) : IAsyncLifetime
{
    private const int Part = 8 << 20;
    private readonly ConnectorFixture _fixture = new();
    private readonly string _container = "c" + Guid.NewGuid().ToString("n")[..12];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await server.ContainerAsync(_container);

    public ValueTask DisposeAsync()
    {
        _fixture.Dispose();
        return ValueTask.CompletedTask;
    }

    private AzureBlobSpec Spec(params string[] path) => new() { Endpoint = server.Endpoint, Account = AzureServer.Account, Container = _container, AccountKey = new Secret(AzureServer.Key), Path = path };

    private AzureBlobConnector Open(AzureBlobSpec spec) => new(_fixture.Context(spec));

    private Task PutAsync(string name, string content = "x") => server.PutAsync(_container, name, System.Text.Encoding.UTF8.GetBytes(content));

    private async Task<List<string>> ListAsync(AzureBlobSpec spec)
    {
        using var connector = Open(spec);
        return await connector.ListAsync(Stop).Select(f => f.Path).ToListAsync(Stop);
    }

    private static async Task<byte[]> ReadAsync(SourceFile file)
    {
        await using var stream = await file.OpenAsync(Stop);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read, 100_003, Stop);
        return read.ToArray();
    }

    [Fact]
    public async Task ReadAsync_ConnectionThatFallsSilent_GoesOnWhereItWas()
    {
        var content = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"silence {i}"));
        await PutAsync("a.txt", content);
        using var line = TroubledLine.SilentBehind("silence 1", server.Endpoint, most: 1);
        using var connector = Open(Spec("a.txt") with { Endpoint = line.Before(server.Endpoint), Timeout = TimeSpan.FromSeconds(2) });
        var file = Assert.Single(await connector.ListAsync(Stop).ToListAsync(Stop));
        Assert.Equal(content, System.Text.Encoding.UTF8.GetString(await ReadAsync(file)));
        Assert.Equal(1, line.Silenced);
    }

    [Fact]
    public async Task ListAsync_PageThatBreaksOffInSilence_IsNotWaitedFor()
    {
        using var line = TroubledLine.SilentBehind("<EnumerationResults", server.Endpoint);
        using var connector = Open(Spec("**") with { Endpoint = line.Before(server.Endpoint), Timeout = TimeSpan.FromSeconds(2) });
        var failure = await Assert.ThrowsAsync<TransientException>(async () => await connector.ListAsync(Stop).ToListAsync(Stop));
        Assert.Equal($"Container {_container}: the answer did not come to its end within 2 s.", failure.Message);
    }

    [Fact]
    public async Task ReadAsync_AnswerOfAnotherRange_IsNotTaken()
    {
        await server.PutAsync(_container, "big.bin", new byte[Part + 1]);
        using var line = TroubledLine.Changing("HTTP/1.1 206", "HTTP/1.1 200", server.Endpoint);
        using var connector = Open(Spec("big.bin") with { Endpoint = line.Before(server.Endpoint) });
        var file = Assert.Single(await connector.ListAsync(Stop).ToListAsync(Stop));
        var failure = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(file));
        Assert.Equal("big.bin: byte 8388608 was asked for, and the answer (HTTP 200) begins at byte 0.", failure.Message);
    }

    [Theory]
    [MemberData(nameof(ListedObjects.Patterns), MemberType = typeof(ListedObjects))]
    public async Task ListAsync_Pattern_FindsMatchingBlobs(string pattern, string expected)
    {
        await ListedObjects.PutAsync(key => PutAsync(key));
        Assert.Equal(expected, string.Join(' ', await ListAsync(Spec(pattern))));
    }

    [Fact]
    public async Task ListAsync_UglyNames_AreReadByKeyAndBySignature()
    {
        string[] names = ["ü b+c%20&d=e?f#g.csv", "sub/日本 'x'.csv", "a~b(c)!*.csv"];
        foreach (var name in names) await PutAsync(name, name);
        var byKey = Spec("**");
        foreach (var spec in new[] { byKey, byKey with { AccountKey = default, SasToken = new Secret("?" + AzureServer.Sas("rl")) } })
        {
            using var connector = Open(spec);
            var found = new List<SourceFile>();
            await foreach (var file in connector.ListAsync(Stop)) found.Add(file);
            Assert.Equal(names.Order(StringComparer.Ordinal), found.Select(f => f.Path).Order(StringComparer.Ordinal));
            foreach (var file in found)
            {
                Assert.Equal(file.Path, System.Text.Encoding.UTF8.GetString(await ReadAsync(file)));
                Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(file.Path), file.Size);
                Assert.True(file.ETag!.Length > 3 && !file.ETag.Contains('"'));
                Assert.InRange(file.Modified!.Value, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
            }
        }
    }

    [Fact]
    public async Task ListAsync_MoreThanOnePage_ListsAll()
    {
        await ListedObjects.PutManyAsync(1_010, key => PutAsync(key));
        Assert.Equal($"Container {_container} answers, at least 1000 blobs match many/*", await Open(Spec("many/*")).TestAsync(Stop));
        Assert.Equal(1_010, (await ListAsync(Spec("many/*") with { ListPage = 100 })).Count);
        Assert.Equal(10, (await ListAsync(Spec("many/010*", "many/010*"))).Count);
    }

    [Theory]
    [InlineData(4, 3 * Part + 12_345)]
    [InlineData(1, 2 * Part)]
    [InlineData(4, 0)]
    public async Task OpenAsync_BlobOfManyParts_ComesWholeAndInOrder(int parallel, int length)
    {
        var content = new byte[length];
        new Random(7).NextBytes(content);
        await server.PutAsync(_container, "big.bin", content);
        using var connector = Open(Spec("big.bin") with { Parallel = parallel });
        await foreach (var file in connector.ListAsync(Stop))
        {
            var read = await ReadAsync(file);
            Assert.True(content.AsSpan().SequenceEqual(read), "The content is another one.");
        }
    }

    [Fact]
    public async Task OpenAsync_BlobReplacedOrGoneSinceListed_IsNotMixed()
    {
        await PutAsync("a.csv", "old");
        using var connector = Open(Spec("a.csv"));
        await foreach (var file in connector.ListAsync(Stop))
        {
            await PutAsync("a.csv", "new!");
            Assert.Equal($"Container {_container}: a.csv was replaced after it was listed.", (await Assert.ThrowsAsync<TransientException>(async () => await file.OpenAsync(Stop))).Message);
            await server.DeleteAsync(_container, "a.csv");
            // The emulator says that the condition fails, Azure that the blob is not there: either way nothing is read.
            await Assert.ThrowsAsync<TransientException>(async () => await file.OpenAsync(Stop));
        }
    }

    [Fact]
    public async Task CommittedAsync_MovesOrDeletesOnce()
    {
        await PutAsync("in/a ü.csv", "content");
        await PutAsync("in/b.csv");
        foreach (var move in new[] { Spec("**/*.csv") with { AfterLoad = AfterLoad.Move, MoveTo = "done/" }, Spec("**/*.csv") with { AfterLoad = AfterLoad.Move, MoveTo = "done/", AccountKey = default, SasToken = new Secret(AzureServer.Sas("rwdlac")) } })
        {
            await Open(move).CommittedAsync(["in/a ü.csv"], null, Stop);
            Assert.Equal(["in/b.csv"], await ListAsync(move));
            Assert.Equal(["done/in/a ü.csv", "in/b.csv"], await ListAsync(Spec("**/*.csv")));
        }
        var delete = Spec("**/*.csv") with { AfterLoad = AfterLoad.Delete };
        await Open(delete).CommittedAsync(["in/b.csv"], null, Stop);
        await Open(delete).CommittedAsync(["in/b.csv"], null, Stop);
        Assert.Equal(["done/in/a ü.csv"], await ListAsync(Spec("**/*.csv")));
        Assert.Equal("after_load is move, and move_to is not given.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("*") with { AfterLoad = AfterLoad.Move }))).Message);
    }

    [Fact]
    public async Task Connector_WrongSettings_AreNamed()
    {
        Assert.Equal("There are both an account_key and a sas_token.", await FailsAsync(Spec("*") with { SasToken = new Secret("sv=1") }));
        Assert.Equal("account_key is not base64.", await FailsAsync(Spec("*") with { AccountKey = new Secret("canary!") }));
        Assert.Equal($"Container {_container}: HTTP 403 AuthorizationFailure", await FailsAsync(Spec("*") with { AccountKey = default, SasToken = new Secret(AzureServer.Sas("rl", TimeSpan.FromHours(-1))) }));
        Assert.Equal($"There is no container nope-1 in account {AzureServer.Account}.", await FailsAsync(Spec("*") with { Container = "nope-1" }));

        async Task<string> FailsAsync(AzureBlobSpec spec)
        {
            var e = await Assert.ThrowsAsync<TerminalException>(() => ListAsync(spec));
            Assert.DoesNotContain("canary", e.ToString(), StringComparison.Ordinal);
            return e.Message;
        }
    }
}
