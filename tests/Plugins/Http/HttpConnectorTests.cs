using System.Security.Cryptography;
using System.Text;
using FlowForge.Plugins.Http;
using FlowForge.Plugins.Http.GoogleDrive;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Http;

/// <summary>The http connector against a web server on loopback.</summary>
public sealed class HttpConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly FileServer _server = new();

    public void Dispose()
    {
        _server.Dispose();
        _fixture.Dispose();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(7).NextBytes(bytes);
        return bytes;
    }

    private HttpSpec Spec(params string[] url) => new() { BaseUrl = _server.Address, Url = url };

    private HttpConnector Open(HttpSpec spec) => new(_fixture.Context(spec));

    private async Task<List<SourceFile>> ListAsync(HttpSpec spec)
    {
        using var connector = Open(spec);
        return await ListAsync(connector);
    }

    private static async Task<List<SourceFile>> ListAsync(HttpConnector connector)
    {
        var files = new List<SourceFile>();
        await foreach (var file in connector.ListAsync(Stop)) files.Add(file);
        return files;
    }

    private async Task<byte[]> ReadAsync(HttpSpec spec)
    {
        using var connector = Open(spec);
        await using var stream = await (await ListAsync(connector)).Single().OpenAsync(Stop);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, Stop);
        return copy.ToArray();
    }

    [Fact]
    public async Task ListAsync_TellsWhatTheServerSays_AndShowsNoSecrets()
    {
        var time = new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.Zero);
        _server.Files["/d/a.csv"] = new(Bytes(10)) { Modified = time };
        _server.Files["/get.csv"] = new(Bytes(3)) { KnowsHead = false, ETag = "W/\"weak\"" };
        var files = await ListAsync(Spec("d/a.csv", "d/a.csv?key=canary", "d/a.csv", "get.csv"));
        Assert.Equal([($"{_server.Address}d/a.csv", 10L, "v1", time), ($"{_server.Address}d/;44c8eb8b/a.csv", 10, "v1", time), ($"{_server.Address}get.csv", 3, "weak", default)],
            files.Select(f => (f.Path.Replace(f.Path.Contains(';', StringComparison.Ordinal) ? f.Path.Split(';')[1][..8] : "\0", "44c8eb8b", StringComparison.Ordinal), f.Size!.Value, f.ETag!, f.Modified.GetValueOrDefault())));
        Assert.DoesNotContain("canary", files[1].Path, StringComparison.Ordinal);
        Assert.Equal("a.csv", files[1].Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAsync_ConnectionCut_GoesOnWhereItWas(bool knowsRanges)
    {
        var content = Bytes(1_000_000);
        _server.Files["/a.bin"] = new(content) { CutAfter = 400_000, KnowsRanges = knowsRanges };
        if (knowsRanges)
        {
            Assert.Equal(content, await ReadAsync(Spec("a.bin")));
            Assert.Contains(_server.Asked, a => a.StartsWith("GET /a.bin bytes=", StringComparison.Ordinal));
            return;
        }
        // Begun anew each time, it never comes further than the cut.
        var failure = await Assert.ThrowsAsync<TransientException>(() => ReadAsync(Spec("a.bin")));
        Assert.StartsWith($"{_server.Address}a.bin", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone", "0123456789", null)]
    [InlineData("other", null, " was replaced after it was listed.")]
    [InlineData("anew", null, ": the connection broke at byte 5, and the server neither goes on there nor says whether the file is still the same.")]
    public async Task OpenAsync_BodyOfUnknownLengthCut_IsNeverCutOffNorDoubled(string then, string? content, string? failure)
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        const string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n";
        var etag = then == "anew" ? "" : "ETag: \"v1\"\r\n";
        var cut = $"{head}{etag}\r\n5\r\n01234\r\n";
        string[] answers = then switch
        {
            "gone" => [cut, "", "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nETag: \"v1\"\r\nContent-Length: 5\r\nContent-Range: bytes 5-9/10\r\n\r\n56789"],
            "other" => [cut, "HTTP/1.1 412 Precondition Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"],
            _ => [cut, $"{head}\r\na\r\n0123456789\r\n0\r\n\r\n"],
        };
        var serving = Task.Run(async () =>
        {
            foreach (var answer in answers.Prepend($"HTTP/1.1 200 OK\r\nConnection: close\r\n{etag}\r\n"))
            {
                using var client = await listener.AcceptTcpClientAsync(Stop);
                var stream = client.GetStream();
                _ = await stream.ReadAsync(new byte[4096], Stop);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), Stop);
            }
        }, Stop);
        var address = $"http://{listener.LocalEndpoint}/a.csv";
        var spec = new HttpSpec { Url = [address] };
        if (content is not null) Assert.Equal(content, Encoding.ASCII.GetString(await ReadAsync(spec)));
        else Assert.Equal(address + failure, (await Assert.ThrowsAsync<TransientException>(() => ReadAsync(spec))).Message);
        await serving;
    }

    [Fact]
    public async Task OpenAsync_FileReplacedSinceListed_IsNotMixed()
    {
        _server.Files["/a.csv"] = new(Bytes(10));
        using var connector = Open(Spec("a.csv"));
        var file = (await ListAsync(connector)).Single();
        _server.Files["/a.csv"] = new(Bytes(10)) { ETag = "\"v2\"" };
        var failure = await Assert.ThrowsAsync<TransientException>(async () => await file.OpenAsync(Stop));
        Assert.Equal($"{_server.Address}a.csv was replaced after it was listed.", failure.Message);
    }

    [Fact]
    public async Task Checksum_ProvesTheFile()
    {
        var content = Bytes(5_000);
        _server.Files["/a.csv"] = new(content);
        _server.Files["/a.csv.sha256"] = new(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(content)) + "  a.csv\n"));
        _server.Files["/a.csv.md5"] = new("00000000000000000000000000000000"u8.ToArray());
        _server.Files["/a.csv.txt"] = new("<html>"u8.ToArray());
        Assert.Equal(content, await ReadAsync(Spec("a.csv") with { Checksum = "{url}.sha256" }));
        var wrong = await Assert.ThrowsAsync<TransientException>(() => ReadAsync(Spec("a.csv") with { Checksum = "{url}.md5" }));
        Assert.EndsWith(", and should have 00000000000000000000000000000000.", wrong.Message, StringComparison.Ordinal);
        var none = await Assert.ThrowsAsync<TerminalException>(() => ReadAsync(Spec("a.csv") with { Checksum = "{url}.txt" }));
        Assert.Equal($"{_server.Address}a.csv.txt holds no checksum: it begins with \"<html>\".", none.Message);
    }

    [Fact]
    public async Task Credentials_GoToTheirHostAlone_AndRedirectsAreLimited()
    {
        using var other = new FileServer();
        other.Files["/b.csv"] = new(Bytes(4));
        _server.Files["/a.csv"] = new([]) { Redirect = other.Address + "b.csv" };
        _server.Files["/loop.csv"] = new([]) { Redirect = "/loop.csv" };
        _server.Files["/ftp.csv"] = new([]) { Redirect = "ftp://127.0.0.1/x" };
        var spec = Spec("a.csv") with { User = "u", Password = new Secret("canary"), Headers = new Dictionary<string, Secret> { ["X-Key"] = new("canary2") } };
        Assert.Equal(4, (await ReadAsync(spec)).Length);
        Assert.All(_server.Asked, a => Assert.EndsWith(" Basic dTpjYW5hcnk= canary2", a, StringComparison.Ordinal));
        Assert.Equal(["HEAD /b.csv", "GET /b.csv"], other.Asked);
        Assert.StartsWith("There are credentials", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(spec with { BaseUrl = null, Url = [other.Address + "b.csv"] }))).Message, StringComparison.Ordinal);
        Assert.Equal(2, other.Asked.Count);
        Assert.Equal($"{_server.Address}loop.csv redirects more than 5 times.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("loop.csv")))).Message);
        Assert.Equal($"{_server.Address}ftp.csv redirects to ftp://127.0.0.1/x, from http to ftp.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("ftp.csv")))).Message);
    }

    [Fact]
    public async Task GoogleDrive_TokenAddressThatRedirects_GetsNoFurtherPost()
    {
        using var other = new FileServer();
        _server.Files["/token"] = new([]) { Redirect = other.Address + "token" };
        using var connector = new GoogleDriveConnector(_fixture.Context(new GoogleDriveSpec
        {
            ApiUrl = _server.Address, TokenUrl = new Uri(_server.Address, "token"), ClientId = "me", ClientSecret = new Secret("canary"), RefreshToken = new Secret("canary2"), FolderId = "root", Path = ["*"],
        }));
        var failure = await Assert.ThrowsAsync<TerminalException>(async () => await connector.ListAsync(Stop).GetAsyncEnumerator(Stop).MoveNextAsync());
        Assert.Equal($"{_server.Address}token redirects to {other.Address}token, which is not followed.", failure.Message);
        Assert.Equal(["POST /token"], _server.Asked);
        Assert.Empty(other.Asked);
    }

    [Fact]
    public async Task Connector_WrongSettings_AreNamed()
    {
        _server.Files["/a.csv"] = new(Bytes(4)) { Needs = "Bearer right" };
        Assert.Equal($"{_server.Address}none.csv: HTTP 404 Not Found", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("none.csv")))).Message);
        Assert.Empty(await ListAsync(Spec("none.csv") with { MayBeMissing = true }));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => Open(Spec("a.csv") with { Token = new Secret("canary") }).TestAsync(Stop));
        Assert.Equal(($"{_server.Address}a.csv: HTTP 401 Unauthorized", "Check user and password, token or headers, and their rights."), (refused.Message, refused.Suggestion));
        Assert.DoesNotContain("canary", refused.ToString(), StringComparison.Ordinal);
        Assert.Equal($"{_server.Address}a.csv answers, 4 bytes", await Open(Spec("a.csv") with { Token = new Secret("right") }).TestAsync(Stop));
        Assert.Equal("\"x.csv\" is no address, and there is no base_url that it could begin at.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new HttpSpec { Url = ["x.csv"] }))).Message);
        Assert.Equal("\"ftp://h/x\" is no address of http or https.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(new HttpSpec { Url = ["ftp://h/x"] }))).Message);
        var away = await Assert.ThrowsAsync<TerminalException>(() => Open(new HttpSpec { Url = [$"http://127.0.0.1:{FreePort.Take()}/x"] }).TestAsync(Stop));
        Assert.Equal("Check the address, and whether the server runs.", away.Suggestion);
        _server.Files["/big.bin"] = new(Bytes(2 << 20)) { ETag = null };
        Assert.Equal($"{_server.Address}big.bin is larger than 1 MB.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("big.bin") with { MaxMegabytes = 1 }))).Message);
    }
}
