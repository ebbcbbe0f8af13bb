using FlowForge.Plugins.Sftp;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(SshServer))]

namespace FlowForge.Plugins.Tests.Sftp;

/// <summary>The sftp connector against OpenSSH on loopback.</summary>
public sealed class SftpConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly SshServer _server;
    private readonly string _folder;

    public SftpConnectorTests(SshServer server)
    {
        _server = server.Ready();
        _folder = Path.Combine(_server.Folder, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(_folder);
    }

    public void Dispose() => _fixture.Dispose();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private SftpSpec Spec(params string[] path) => new()
    {
        Host = "127.0.0.1", Port = _server.Port, User = _server.User, PrivateKey = new Secret(_server.Key), HostKey = [_server.HostKey], Path = [.. path.Select(p => p.StartsWith('/') ? p : $"{_folder}/{p}")],
    };

    private SftpConnector Open(SftpSpec spec) => new(_fixture.Context(spec));

    private string Put(string name, string content = "x") => Put(name, System.Text.Encoding.UTF8.GetBytes(content));

    private string Put(string name, byte[] content)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    private async Task<List<string>> ListAsync(SftpSpec spec)
    {
        using var connector = Open(spec);
        var paths = new List<string>();
        await foreach (var file in connector.ListAsync(Stop)) paths.Add(file.Path.Replace(_folder + "/", "", StringComparison.Ordinal));
        return paths;
    }

    [Theory]
    [InlineData("a.csv", "a.csv")]
    [InlineData("*.csv", "a.csv b.csv link.csv")]
    [InlineData("**/*.csv", "a.csv b.csv link.csv sub/c.csv sub/deep/d.csv")]
    [InlineData("sub/{c,x}.*", "sub/c.csv sub/x.txt")]
    [InlineData("sub", "sub/c.csv sub/x.txt")]
    [InlineData("*/none", "")]
    public async Task ListAsync_Pattern_FindsMatchingFiles(string pattern, string expected)
    {
        foreach (var name in new[] { "a.csv", "b.csv", "sub/c.csv", "sub/deep/d.csv", "sub/x.txt", "sub/.hidden" }) Put(name);
        File.CreateSymbolicLink(Path.Combine(_folder, "link.csv"), Path.Combine(_folder, "a.csv"));
        File.CreateSymbolicLink(Path.Combine(_folder, "circle"), _folder);
        Assert.Equal(expected, string.Join(' ', await ListAsync(Spec(pattern))));
        Assert.Equal("", string.Join(' ', await ListAsync(Spec(pattern) with { Exclude = ["*.*"] })));
    }

    [Fact]
    public async Task OpenAsync_LoginCut_GoesOnWhereItWas()
    {
        var content = new byte[24 << 20];
        new Random(3).NextBytes(content);
        Put("large.bin", content);
        using var connector = Open(Spec("large.bin"));
        await foreach (var file in connector.ListAsync(Stop))
        {
            await using var stream = await file.OpenAsync(Stop);
            using var copy = new MemoryStream();
            var buffer = new byte[100_000];
            var isCut = false;
            while (await stream.ReadAsync(buffer, Stop) is > 0 and var read)
            {
                copy.Write(buffer, 0, read);
                if (isCut || copy.Length < 1 << 20) continue;
                isCut = true;
                _server.CutLogins();
            }
            Assert.True(content.AsSpan().SequenceEqual(copy.ToArray()));
        }
    }

    [Fact]
    public async Task OpenAsync_FileChangedSinceListed_IsNotMixed()
    {
        var path = Put("a.csv", "old");
        using var connector = Open(Spec("a.csv"));
        await foreach (var file in connector.ListAsync(Stop))
        {
            Put("a.csv", "newer");
            var failure = await Assert.ThrowsAsync<TransientException>(async () => await file.OpenAsync(Stop));
            Assert.Equal($"{path} was changed after it was listed.", failure.Message);
        }
    }

    [Fact]
    public async Task ReadAsync_FileChangedWhileTheLoginWasCut_SaysSoAndIsNotMixed()
    {
        var path = Put("large.bin", new byte[24 << 20]);
        using var connector = Open(Spec("large.bin"));
        await foreach (var file in connector.ListAsync(Stop))
        {
            await using var stream = await file.OpenAsync(Stop);
            await stream.ReadExactlyAsync(new byte[100_000], Stop);
            Put("large.bin", "newer");
            _server.CutLogins();
            var failure = await Assert.ThrowsAsync<TransientException>(() => stream.CopyToAsync(Stream.Null, Stop));
            Assert.Equal($"{path} was changed after it was listed.", failure.Message);
        }
    }

    [Fact]
    public async Task CommittedAsync_MovesOrDeletesOnce()
    {
        var (a, b) = (Put("in/a.csv", "first"), Put("in/b.csv"));
        var move = Spec("**/*.csv") with { AfterLoad = AfterLoad.Move, MoveTo = $"{_folder}/done/here" };
        using (var connector = Open(move)) await connector.CommittedAsync([a], null, Stop);
        Assert.Equal(["in/b.csv"], await ListAsync(move));
        Put("in/a.csv", "second");
        using (var connector = Open(move))
        {
            await connector.CommittedAsync([a], null, Stop);
            await connector.CommittedAsync([a], null, Stop);
        }
        Assert.Equal(("first", "second"), (File.ReadAllText(Path.Combine(_folder, "done/here/a.csv")), File.ReadAllText(Path.Combine(_folder, "done/here/a.csv.2"))));
        using (var connector = Open(Spec("**/*.csv") with { AfterLoad = AfterLoad.Delete }))
        {
            await connector.CommittedAsync([b], null, Stop);
            await connector.CommittedAsync([b], null, Stop);
        }
        Assert.False(File.Exists(b));
        Assert.Equal("after_load is move, and move_to is not given.", (await Assert.ThrowsAsync<TerminalException>(() => ListAsync(Spec("*") with { AfterLoad = AfterLoad.Move }))).Message);
    }

    [Fact]
    public async Task HostKey_IsPinned()
    {
        Put("a.csv");
        Assert.Equal("127.0.0.1 lets " + _server.User + " in, 1 files match", await TestAsync(Spec("*.csv") with { HostKey = [_server.Fingerprint] }));
        var others = await Assert.ThrowsAsync<TerminalException>(() => TestAsync(Spec("*.csv") with { HostKey = ["SHA256:n6XoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] }));
        Assert.Equal($"127.0.0.1 has another key than host_key says. Its keys are {_server.Fingerprint} (ssh-ed25519).", others.Message);
        var line = await Assert.ThrowsAsync<TerminalException>(() => TestAsync(Spec("*.csv") with { HostKey = [File.ReadAllText(Path.Combine(_server.Folder, "user.pub"))] }));
        Assert.Equal("127.0.0.1 has another key than host_key says.", line.Message);
        var nonsense = await Assert.ThrowsAsync<TerminalException>(() => TestAsync(Spec("*.csv") with { HostKey = ["-oProxyCommand=x y"] }));
        Assert.Equal("host_key \"-oProxyCommand=x y\" is neither a fingerprint (SHA256:…) nor a key (ssh-ed25519 AAAA…).", nonsense.Message);
    }

    [Fact]
    public async Task Connector_WrongSettings_AreNamed_AndNothingIsLeftBehind()
    {
        Put("a.csv");
        Assert.Single(await ListAsync(Spec("*.csv") with { PrivateKey = new Secret(_server.LockedKey), Passphrase = new Secret("word of the key") }));
        Assert.StartsWith($"{_server.User}@127.0.0.1:{_server.Port} refuses the login: ", (await Assert.ThrowsAsync<TerminalException>(() => TestAsync(Spec("*") with { PrivateKey = default, Password = new Secret("canary") }))).Message, StringComparison.Ordinal);
        Assert.Equal("There is neither a password nor a private_key.", (await Assert.ThrowsAsync<TerminalException>(() => TestAsync(Spec("*") with { PrivateKey = default }))).Message);
        Assert.IsType<TerminalException>(await Record.ExceptionAsync(() => TestAsync(Spec("*") with { PrivateKey = new Secret("canary") })));
        Assert.Equal($"{_folder}/none does not exist on the server.", (await Assert.ThrowsAsync<TerminalException>(() => TestAsync(Spec("none/*.csv")))).Message);
        var away = await Assert.ThrowsAsync<TerminalException>(() => TestAsync(Spec("*") with { Port = FreePort.Take() }));
        Assert.Equal("Check host and port, and whether the server runs.", away.Suggestion);
    }

    private async Task<string> TestAsync(SftpSpec spec)
    {
        using var connector = Open(spec);
        return await connector.TestAsync(Stop);
    }
}
