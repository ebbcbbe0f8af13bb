using FlowForge.Plugins.Ftp;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(FtpServer))]

namespace FlowForge.Plugins.Tests.Ftp;

/// <summary>The ftp connector against vsftpd on loopback, which wants the data connection to continue the session of the login.</summary>
public sealed class FtpConnectorTests(FtpServer server) : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly string _name = Guid.NewGuid().ToString("n");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Local => Path.Combine(server.Folder, _name);

    private FtpSpec Spec(string path, FtpTls tls = FtpTls.Explicit)
    {
        var port = server.Ready(tls.ToString().ToLowerInvariant());
        Directory.CreateDirectory(Local);
        return new FtpSpec { Host = "127.0.0.1", Port = port, Tls = tls, Certificate = tls == FtpTls.None ? [] : [server.Fingerprint], Path = [$"{_name}/{path}"] };
    }

    private FtpConnector Open(FtpSpec spec) => new(_fixture.Context(spec));

    private void Put(string name, string content = "x")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Local, name))!);
        File.WriteAllText(Path.Combine(Local, name), content);
    }

    private async Task<List<SourceFile>> FilesAsync(FtpSpec spec)
    {
        var files = new List<SourceFile>();
        await foreach (var file in Open(spec).ListAsync(Stop)) files.Add(file);
        return files;
    }

    private async Task<string> NamesAsync(FtpSpec spec) => string.Join(' ', (await FilesAsync(spec)).Select(f => f.Path[(Local.Length + 1)..]).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("a.csv", "a.csv")]
    [InlineData("*.csv", "a.csv ü b+c.csv")]
    [InlineData("**/*.csv", "a.csv sub/c.csv sub/deep/d.csv ü b+c.csv")]
    [InlineData("sub/{c,x}.*", "sub/c.csv sub/x.txt")]
    [InlineData("sub", "sub/c.csv sub/x.txt")]
    [InlineData("none*", "")]
    public async Task ListAsync_Pattern_FindsMatchingFiles(string pattern, string expected)
    {
        var spec = Spec(pattern);
        foreach (var name in new[] { "a.csv", "ü b+c.csv", "sub/c.csv", "sub/deep/d.csv", "sub/x.txt" }) Put(name);
        Assert.Equal(expected, await NamesAsync(spec));
    }

    [Theory]
    [InlineData(FtpTls.Explicit)]
    [InlineData(FtpTls.Implicit)]
    [InlineData(FtpTls.None)]
    public async Task OpenAsync_EachProtection_ReadsSizeTimeAndContent(FtpTls tls)
    {
        var spec = Spec("*.bin", tls);
        var content = new byte[3_000_001];
        new Random(3).NextBytes(content);
        File.WriteAllBytes(Path.Combine(Local, "a.bin"), content);
        File.WriteAllBytes(Path.Combine(Local, "empty.bin"), []);
        File.SetLastWriteTimeUtc(Path.Combine(Local, "a.bin"), new DateTime(2024, 2, 29, 23, 59, 58, DateTimeKind.Utc));
        var files = await FilesAsync(spec);
        Assert.Equal([3_000_001L, 0L], files.Select(f => f.Size!.Value));
        Assert.Equal(new DateTimeOffset(2024, 2, 29, 23, 59, 58, TimeSpan.Zero), files[0].Modified);
        await using (var stream = await files[0].OpenAsync(Stop))
        {
            using var read = new MemoryStream();
            await stream.CopyToAsync(read, 10_007, Stop);
            Assert.True(content.AsSpan().SequenceEqual(read.GetBuffer().AsSpan(0, (int)read.Length)), "The content is another one.");
        }
        await using var empty = await files[1].OpenAsync(Stop);
        Assert.Equal(0, await empty.ReadAsync(new byte[1], Stop));
    }

    [Fact]
    public async Task ReadAsync_ConnectionBreaks_GoesOnWhereItWas()
    {
        // The server's only session is this one.
        using var own = new FtpServer();
        var port = own.Ready();
        var content = new byte[40 << 20];
        new Random(5).NextBytes(content);
        File.WriteAllBytes(Path.Combine(own.Folder, "large.bin"), content);
        var files = await FilesAsync(new FtpSpec { Host = "127.0.0.1", Port = port, Certificate = [own.Fingerprint], Path = ["large.bin"] });
        await using var stream = await files[0].OpenAsync(Stop);
        var read = new byte[content.Length];
        await stream.ReadExactlyAsync(read.AsMemory(0, 1 << 20), Stop);
        own.Break();
        await stream.ReadExactlyAsync(read.AsMemory(1 << 20), Stop);
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Stop));
        Assert.True(content.AsSpan().SequenceEqual(read), "The content is another one.");
    }

    [Fact]
    public async Task OpenAsync_FileChangedOrGoneSinceListed_IsNotRead()
    {
        var spec = Spec("a.csv");
        Put("a.csv", "old");
        var file = Assert.Single(await FilesAsync(spec));
        Put("a.csv", "new!");
        Assert.Equal($"{Local}/a.csv was changed after it was listed.", (await Assert.ThrowsAsync<TransientException>(async () => await file.OpenAsync(Stop))).Message);
        File.Delete(Path.Combine(Local, "a.csv"));
        Assert.Equal($"{Local}/a.csv is not there any more.", (await Assert.ThrowsAsync<TransientException>(async () => await file.OpenAsync(Stop))).Message);
    }

    [Fact]
    public async Task CommittedAsync_MovesOrDeletesOnce()
    {
        var spec = Spec("in/*.csv");
        Put("in/a.csv", "1");
        Put("in/b.csv");
        Put("done/deep/a.csv", "an older one");
        var move = spec with { AfterLoad = AfterLoad.Move, MoveTo = $"{_name}/done/deep" };
        await Open(move).CommittedAsync([$"{Local}/in/a.csv"], null, Stop);
        await Open(move).CommittedAsync([$"{Local}/in/a.csv"], null, Stop);
        Assert.Equal("in/b.csv", await NamesAsync(move));
        Assert.Equal(("an older one", "1"), (File.ReadAllText(Path.Combine(Local, "done/deep/a.csv")), File.ReadAllText(Path.Combine(Local, "done/deep/a.csv.2"))));
        await Open(spec with { AfterLoad = AfterLoad.Move, MoveTo = $"{_name}/made/new" }).CommittedAsync([$"{Local}/in/b.csv"], null, Stop);
        Assert.True(File.Exists(Path.Combine(Local, "made/new/b.csv")));
        var delete = spec with { AfterLoad = AfterLoad.Delete };
        Put("in/c.csv");
        await Open(delete).CommittedAsync([$"{Local}/in/c.csv"], null, Stop);
        await Open(delete).CommittedAsync([$"{Local}/in/c.csv"], null, Stop);
        Assert.False(File.Exists(Path.Combine(Local, "in/c.csv")));
    }

    [Fact]
    public async Task Connector_CertificateOrProtectionWrong_IsNamedAndNothingIsSent()
    {
        var spec = Spec("*");
        Assert.Equal($"127.0.0.1:{spec.Port}: the server's certificate is another one than certificate says: its SHA-256 fingerprint is {server.Fingerprint}.", await FailsAsync(spec with { Certificate = [new string('0', 64)] }));
        Assert.Equal($"127.0.0.1:{spec.Port}: the server's certificate is not trusted (RemoteCertificateChainErrors); its SHA-256 fingerprint is {server.Fingerprint}.", await FailsAsync(spec with { Certificate = [] }));
        Assert.Equal("127.0.0.1 lets anonymous in, 0 files match", await Open(spec with { Certificate = [], Ca = server.CertificatePem }).TestAsync(Stop));
        var plain = Spec("*", FtpTls.None);
        Assert.StartsWith($"127.0.0.1:{plain.Port} offers no TLS: 530 ", await FailsAsync(plain with { Tls = FtpTls.Explicit }));

        async Task<string> FailsAsync(FtpSpec wrong) => (await Assert.ThrowsAsync<TerminalException>(() => Open(wrong).TestAsync(Stop))).Message;
    }

    [Fact]
    public async Task HealthAsync_TellsHowLongTheCertificateLasts_WithoutALogin()
    {
        var spec = Spec("*") with { User = "nobody_that_is_known", Password = new Secret("wrong") };
        foreach (var each in new[] { spec, spec with { Tls = FtpTls.Implicit, Port = Spec("*", FtpTls.Implicit).Port }, spec with { Certificate = [new string('0', 64)] }, spec with { Certificate = [], Ca = server.CertificatePem } })
        {
            var fact = Assert.Single(await Open(each).HealthAsync(Stop));
            Assert.Equal(("certificate ends in", "days"), (fact.Name, fact.Unit));
            Assert.InRange(fact.Value, 28, 30);
        }
        Assert.Equal(4, _fixture.Waits);
        var plain = Spec("*", FtpTls.None);
        Assert.Empty(await Open(plain).HealthAsync(Stop));
        Assert.Empty(await Open(plain with { Tls = FtpTls.Explicit }).HealthAsync(Stop));
    }

    [Fact]
    public async Task ListAsync_ServerWithoutSizeAndTime_GoesByTheListing()
    {
        using var plain = new PlainFtpServer();
        plain.Files["/in/a.csv"] = "id\n1\n";
        plain.Files["/in/b.csv"] = "id\n2\n";
        var spec = new FtpSpec { Host = "127.0.0.1", Port = plain.Port, Tls = FtpTls.None, Path = ["/in/*.csv"] };
        var files = await FilesAsync(spec);
        Assert.Equal(["/in/a.csv 5", "/in/b.csv 5"], files.Select(f => $"{f.Path} {f.Size}"));
        Assert.Equal("/in/b.csv", Assert.Single(await FilesAsync(spec with { Path = ["/in/b.csv"] })).Path);
        Assert.Equal("/in/c.csv does not exist on the server.", (await Assert.ThrowsAsync<TerminalException>(() => FilesAsync(spec with { Path = ["/in/c.csv"] }))).Message);
        using (var reader = new StreamReader(await files[0].OpenAsync(Stop))) Assert.Equal("id\n1\n", await reader.ReadToEndAsync(Stop));
        await Open(spec with { AfterLoad = AfterLoad.Delete }).CommittedAsync(["/in/a.csv", "/in/gone.csv"], null, Stop);
        Assert.Equal(["/in/b.csv"], plain.Files.Keys);
        plain.Files["/in/b.csv"] = "id\n20\n";
        Assert.Equal("/in/b.csv was changed after it was listed.", (await Assert.ThrowsAsync<TransientException>(async () => await files[1].OpenAsync(Stop))).Message);
    }

    [Theory]
    [InlineData("-rw-r--r--    1 0        0            1234 Nov 21 18:26 a b.csv", "a b.csv file 1234 ")]
    [InlineData("drwxr-xr-x    2 ftp      ftp          4096 Jan 01  2024 in", "in folder  ")]
    [InlineData("lrwxrwxrwx    1 0        0               5 Nov 21 18:26 x -> y", "")]
    [InlineData("11-21-26  06:26PM       <DIR>          in", "in folder  ")]
    [InlineData("11-21-26  06:26PM                 1234 a b.csv", "a b.csv file 1234 ")]
    [InlineData("total 12", "")]
    [InlineData("Type=file;Size=12;Modify=20240229235958.123;UNIX.mode=0644; a b.csv", "a b.csv file 12 2024-02-29 23:59:58Z")]
    [InlineData("type=dir;modify=20240229235958; in", "in folder  2024-02-29 23:59:58Z")]
    [InlineData("type=cdir;modify=20240229235958; .", "")]
    [InlineData("type=file;size=1; ../evil", "")]
    public void Listing_LinesOfServers_AreRead(string line, string expected)
    {
        var entry = line.Contains(';', StringComparison.Ordinal) ? FtpListing.OfFacts(line) : FtpListing.OfList(line);
        Assert.Equal(expected, entry is { } e ? $"{e.Name} {(e.IsFolder ? "folder" : "file")} {e.Size} {e.Modified?.ToString("u", System.Globalization.CultureInfo.InvariantCulture)}" : "");
    }

    public void Dispose() => _fixture.Dispose();
}
