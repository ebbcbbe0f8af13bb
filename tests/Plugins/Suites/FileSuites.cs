using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using FlowForge.Plugins.AzureBlob;
using FlowForge.Plugins.Files;
using FlowForge.Plugins.Ftp;
using FlowForge.Plugins.Http;
using FlowForge.Plugins.Http.GoogleDrive;
using FlowForge.Plugins.S3;
using FlowForge.Plugins.Sftp;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Http;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Suites;

[SuiteOf("file"), Collection(AloneCollection.Name)]
public sealed class FileSuiteTests : SuiteTests
{
    protected override Task<ConnectorSuite> SuiteAsync()
    {
        Directory.CreateDirectory(Path.Combine(Fixture.Folder, "large"));
        foreach (var (name, content) in Files) File.WriteAllBytes(Path.Combine(Fixture.Folder, name), content);
        File.WriteAllBytes(Path.Combine(Fixture.Folder, "large", "a.bin"), Noise(96 << 20));
        return Task.FromResult<ConnectorSuite>(new FileSuite
        {
            Works = () => Open("*.csv"), TestSays = "3 files, 300009 bytes", Discovered = "grün b+c%20'd.csv",
            Refusals =
            [
                new(() => Open("gone.csv"), $"gone.csv does not exist in {Fixture.Folder}.", "Correct the path, or use a pattern when the file may be absent."),
                new(() => Open("none/*.csv"), $"Folder {Fixture.Folder}/none does not exist.", "Create it, or correct the path."),
                new(() => Open("/etc/passwd"), $"/etc/passwd lies outside the folders that may be read ({Fixture.Folder}).", "Move the files into one of them, or add the folder to the allowed roots of the runtime."),
            ],
            Some = () => Open("*.csv"), SomeAre = Files, None = () => Open("*.none"), Many = () => Open("large/*"),
        });
    }

    private FileConnector Open(string path) => new(Fixture.Context(new FileSpec { Path = [path] }));
}

[SuiteOf("http"), Collection(AloneCollection.Name)]
public sealed class HttpSuiteTests : SuiteTests
{
    private readonly FileServer _server = new();

    public override void Dispose()
    {
        _server.Dispose();
        base.Dispose();
    }

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        foreach (var (name, content) in Files) _server.Files["/" + Uri.EscapeDataString(name)] = new(content);
        _server.Files["/large.bin"] = new(Noise(96 << 20));
        _server.Files["/locked.csv"] = new([1]) { Needs = "Bearer right" };
        var away = new Uri($"http://127.0.0.1:{Nobody}/");
        string[] names = [.. Files.Keys.Select(Uri.EscapeDataString)];
        return Task.FromResult<ConnectorSuite>(new FileSuite
        {
            Works = () => Open(names), TestSays = $"{_server.Address}a.csv answers, 9 bytes", Discovered = $"{_server.Address}a.csv", Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open(["locked.csv"], s => s with { Token = new Secret("canary of the suite") }), $"{_server.Address}locked.csv: HTTP 401 Unauthorized", "Check user and password, token or headers, and their rights."),
                new(() => Open(["gone.csv"]), $"{_server.Address}gone.csv: HTTP 404 Not Found", "Check the url, or set may_be_missing."),
                new(() => Open(["a.csv"], s => s with { BaseUrl = away }), $"{away}a.csv: Connection refused", "Check the address, and whether the server runs."),
            ],
            Some = () => Open(names), SomeAre = Files.ToDictionary(f => Uri.EscapeDataString(f.Key) is var n && f.Key.Any(c => c > 127) ? n : f.Key, f => f.Value), None = () => Open(["gone.csv"], s => s with { MayBeMissing = true }), Many = () => Open(["large.bin"]),
        });
    }

    private HttpConnector Open(string[] url, Func<HttpSpec, HttpSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new HttpSpec { BaseUrl = _server.Address, Url = url })));
}

[SuiteOf("s3"), Collection(AloneCollection.Name)]
public sealed class S3SuiteTests(S3Server server) : SuiteTests
{
    private readonly string _bucket = "b" + Guid.NewGuid().ToString("n")[..12];

    protected override async Task<ConnectorSuite> SuiteAsync()
    {
        using (var client = new AmazonS3Client(new BasicAWSCredentials("key", "canary"), new AmazonS3Config { ServiceURL = server.Endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1", RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED }))
        {
            await client.PutBucketAsync(_bucket, Stop);
            foreach (var (name, content) in Files) await client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = "in/" + name, InputStream = new MemoryStream(content) }, Stop);
            // In parts: this server takes no larger bodies.
            using var upload = new TransferUtility(client);
            await upload.UploadAsync(new TransferUtilityUploadRequest { BucketName = _bucket, Key = "large/a.bin", InputStream = new MemoryStream(Noise(96 << 20)), PartSize = 8 << 20 }, Stop);
        }
        var away = new Uri($"http://127.0.0.1:{Nobody}/");
        return new FileSuite
        {
            Works = () => Open("in/*"), TestSays = $"Bucket {_bucket} answers, 3 objects match in/\\*", Discovered = "in/a.csv", Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open("*", s => s with { Bucket = "nope", SecretKey = new Secret("canary of the suite") }), "There is no bucket nope.", "Correct bucket, region or endpoint."),
                new(() => Open("*", s => s with { Endpoint = away, SecretKey = new Secret("canary of the suite") }), $"Bucket {_bucket}: Connection refused…", "Check endpoint and region, and whether the service runs."),
            ],
            Some = () => Open("in/*"), SomeAre = Files, None = () => Open("none/*"), Many = () => Open("large/*"),
        };
    }

    private S3Connector Open(string path, Func<S3Spec, S3Spec>? change = null) =>
        new(Fixture.Context((change ?? (s => s))(new S3Spec { Endpoint = server.Endpoint, Bucket = _bucket, AccessKey = new Secret("key"), SecretKey = new Secret("canary"), Path = [path] })));
}

[SuiteOf("azure_blob"), Collection(AloneCollection.Name)]
public sealed class AzureBlobSuiteTests(AzureServer server) : SuiteTests
{
    private readonly string _container = "c" + Guid.NewGuid().ToString("n")[..12];

    protected override async Task<ConnectorSuite> SuiteAsync()
    {
        await server.ContainerAsync(_container);
        foreach (var (name, content) in Files) await server.PutAsync(_container, "in/" + name, content);
        await server.PutAsync(_container, "large/a.bin", Noise(96 << 20));
        var away = new Uri($"http://127.0.0.1:{Nobody}/{AzureServer.Account}");
        var wrong = Convert.ToBase64String("canary of the suite"u8);
        return new FileSuite
        {
            Works = () => Open("in/*"), TestSays = $"Container {_container} answers, 3 blobs match in/\\*", Discovered = "in/a.csv", Secrets = [wrong],
            Refusals =
            [
                new(() => Open("*", s => s with { AccountKey = new Secret(wrong) }), $"Container {_container}: HTTP 403 AuthorizationFailure", "Check account_key or sas_token, when it ends, and its rights (list and read; delete and write for after_load)."),
                new(() => Open("*", s => s with { Container = "nope-1" }), $"There is no container nope-1 in account {AzureServer.Account}.", "Correct container, account or endpoint."),
                new(() => Open("*", s => s with { Endpoint = away }), $"Container {_container}: Connection refused", "Check account and endpoint, and whether the service runs."),
            ],
            Some = () => Open("in/*"), SomeAre = Files, None = () => Open("none/*"), Many = () => Open("large/*"),
        };
    }

    private AzureBlobConnector Open(string path, Func<AzureBlobSpec, AzureBlobSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new AzureBlobSpec
    {
        Endpoint = server.Endpoint, Account = AzureServer.Account, Container = _container, AccountKey = new Secret(AzureServer.Key), Path = [path],
    })));
}

[SuiteOf("ftp"), Collection(AloneCollection.Name)]
public sealed class FtpSuiteTests(FtpServer server) : SuiteTests
{
    private readonly string _name = Guid.NewGuid().ToString("n");
    private int _port;

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        _port = server.Ready();
        var folder = Path.Combine(server.Folder, _name);
        Directory.CreateDirectory(folder + "/in");
        Directory.CreateDirectory(folder + "/large");
        foreach (var (name, content) in Files) File.WriteAllBytes($"{folder}/in/{name}", content);
        File.WriteAllBytes(folder + "/large/a.bin", Noise(96 << 20));
        return Task.FromResult<ConnectorSuite>(new FileSuite
        {
            Works = () => Open("in/*"), TestSays = "127\\.0\\.0\\.1 lets anonymous in, 3 files match", Discovered = $"{folder}/in/a.csv", Secrets = ["canary of the suite"], LeakRounds = 3,
            Refusals =
            [
                new(() => Open("in/*", s => s with { User = "somebody", Password = new Secret("canary of the suite") }), $"somebody@127.0.0.1:{_port} refuses the login: …", "Check user and password."),
                new(() => Open("none/*.csv"), $"{folder}/none does not exist on the server.", "Correct the path, or use a pattern when the file may be absent."),
                new(() => Open("in/*", s => s with { Port = Nobody }), $"127.0.0.1:{Nobody}: Connection refused…", "Check host, port and tls, and whether the server runs."),
            ],
            Some = () => Open("in/*"), SomeAre = Files, None = () => Open("in/*.none"), Many = () => Open("large/*"),
        });
    }

    private FtpConnector Open(string path, Func<FtpSpec, FtpSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new FtpSpec
    {
        Host = "127.0.0.1", Port = _port, Certificate = [server.Fingerprint], Path = [$"{_name}/{path}"],
    })));
}

[SuiteOf("sftp"), Collection(AloneCollection.Name)]
public sealed class SftpSuiteTests(SshServer server) : SuiteTests
{
    private string _folder = "";

    protected override Task<ConnectorSuite> SuiteAsync()
    {
        _folder = Path.Combine(server.Ready().Folder, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(_folder + "/in");
        Directory.CreateDirectory(_folder + "/large");
        foreach (var (name, content) in Files) File.WriteAllBytes($"{_folder}/in/{name}", content);
        File.WriteAllBytes(_folder + "/large/a.bin", Noise(96 << 20));
        var port = Nobody;
        return Task.FromResult<ConnectorSuite>(new FileSuite
        {
            Works = () => Open("in/*"), TestSays = $"127\\.0\\.0\\.1 lets {server.User} in, 3 files match", Discovered = $"{_folder}/in/a.csv", Secrets = ["canary of the suite"], LeakRounds = 3,
            Refusals =
            [
                new(() => Open("in/*", s => s with { PrivateKey = default, Password = new Secret("canary of the suite") }), $"{server.User}@127.0.0.1:{server.Port} refuses the login: …", null),
                new(() => Open("in/*", s => s with { PrivateKey = default }), "There is neither a password nor a private_key.", null),
                new(() => Open("none/*.csv"), $"{_folder}/none does not exist on the server.", null),
                new(() => Open("in/*", s => s with { Port = port }), $"{server.User}@127.0.0.1:{port}: ssh: connect to host 127.0.0.1 port {port}: Connection refused", "Check host and port, and whether the server runs."),
            ],
            Some = () => Open("in/*"), SomeAre = Files, None = () => Open("in/*.none"), Many = () => Open("large/*"),
        });
    }

    private SftpConnector Open(string path, Func<SftpSpec, SftpSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(new SftpSpec
    {
        Host = "127.0.0.1", Port = server.Port, User = server.User, PrivateKey = new Secret(server.Key), HostKey = [server.HostKey], Path = [$"{_folder}/{path}"],
    })));
}

[SuiteOf("google_drive"), Collection(AloneCollection.Name)]
public sealed class GoogleDriveSuiteTests(DriveServer server) : SuiteTests
{
    private readonly string _folder = "f" + Guid.NewGuid().ToString("n")[..12];

    protected override async Task<ConnectorSuite> SuiteAsync()
    {
        foreach (var (name, content) in Files) await server.PutAsync(_folder, name, content);
        await server.PutAsync(_folder + "-large", "a.bin", Noise(96 << 20), "application/octet-stream");
        var away = new Uri($"http://127.0.0.1:{Nobody}/");
        return new FileSuite
        {
            Works = () => Open("*"), TestSays = @"Google Drive answers, 3 files match \*", Discovered = "a.csv", Secrets = ["canary of the suite"],
            Refusals =
            [
                new(() => Open("*", s => s with { ServiceAccountKey = default, ClientId = "client", ClientSecret = new Secret("secret"), RefreshToken = new Secret("canary of the suite") }), $"{server.Address}token gives no token: invalid_grant: Bad Request", "Check the credentials: the key may have been deleted, or the refresh token withdrawn."),
                new(() => Open("*", s => s with { FolderId = "gone" }), "Google Drive: HTTP 404: File not found: .", "Check folder_id, and share the folder to the account."),
                new(() => Open("*", s => s with { ApiUrl = away }), $"{away}drive/v3/files: Connection refused", "Check the network, and whether Google's service is up."),
            ],
            Some = () => Open("*"), SomeAre = Files.ToDictionary(f => f.Key.Replace("%", "%25", StringComparison.Ordinal), f => f.Value), None = () => Open("*.none"), Many = () => Open("*", s => s with { FolderId = _folder + "-large" }),
        };
    }

    private GoogleDriveConnector Open(string path, Func<GoogleDriveSpec, GoogleDriveSpec>? change = null) => new(Fixture.Context((change ?? (s => s))(GoogleDriveConnectorTests.Spec(server, _folder, path))));
}
