using System.Security.Cryptography;
using System.Text;
using FlowForge.Plugins.Http.GoogleDrive;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Rest;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(DriveServer))]

namespace FlowForge.Plugins.Tests.Http;

/// <summary>The google_drive connector against google-drive-mock.</summary>
public sealed class GoogleDriveConnectorTests(DriveServer server) : IDisposable
{
    private const string Folder = "application/vnd.google-apps.folder", Sheet = "application/vnd.google-apps.spreadsheet", Document = "application/vnd.google-apps.document";
    private readonly ConnectorFixture _fixture = new();
    private readonly string _folder = "f" + Guid.NewGuid().ToString("n")[..12];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private GoogleDriveConnector Open(string path, Func<GoogleDriveSpec, GoogleDriveSpec>? change = null) => new(_fixture.Context((change ?? (s => s))(Spec(server, _folder, path))));

    internal static GoogleDriveSpec Spec(DriveServer server, string folder, string path) =>
        new() { ApiUrl = server.Address, TokenUrl = new Uri(server.Address, "token"), ServiceAccountKey = new Secret(server.AccountKey), FolderId = folder, Path = [path] };

    private async Task<List<SourceFile>> ListAsync(string path, Func<GoogleDriveSpec, GoogleDriveSpec>? change = null)
    {
        using var connector = Open(path, change);
        var files = new List<SourceFile>();
        await foreach (var file in connector.ListAsync(Stop)) files.Add(file);
        return files;
    }

    private async Task<string> NamesAsync(string path, Func<GoogleDriveSpec, GoogleDriveSpec>? change = null) => string.Join(' ', (await ListAsync(path, change)).Select(f => f.Path));

    [Fact]
    public async Task ListAsync_FoldersSheetsAndDocuments_AreWhatThePatternsSay()
    {
        var sub = await server.PutAsync(_folder, "2026", [], Folder);
        var deep = await server.PutAsync(sub, "01", [], Folder);
        await server.PutAsync(_folder, "a.csv", "1"u8.ToArray());
        await server.PutAsync(_folder, "b.txt", "1"u8.ToArray());
        await server.PutAsync(sub, "c.csv", "1"u8.ToArray());
        await server.PutAsync(deep, "d.csv", "1"u8.ToArray());
        await server.PutAsync(_folder, "budget", "id\n7\n"u8.ToArray(), Sheet);
        await server.PutAsync(_folder, "letter.csv", [], Document);
        await server.PutAsync(_folder, "up/down.csv", "1"u8.ToArray());
        Assert.Equal("a.csv budget.csv up%2Fdown.csv", await NamesAsync("*.csv"));
        Assert.Equal("2026/01/d.csv 2026/c.csv a.csv budget.csv up%2Fdown.csv", await NamesAsync("**/*.csv"));
        Assert.Equal("2026/c.csv", await NamesAsync("2026/*.csv"));
        Assert.Equal("a.csv b.txt budget.xlsx up%2Fdown.csv", await NamesAsync("*", s => s with { SheetForm = SheetForm.Xlsx }));
        Assert.Equal("b.txt", await NamesAsync("*", s => s with { Exclude = ["*.csv"] }));
        Assert.Contains("debug: letter.csv is a document of Google's own and is passed over.", _fixture.Lines);
        Assert.Equal("id\n7\n", Encoding.UTF8.GetString((await FileSourceAcceptance.ReadAllAsync(Open("budget.csv"), Stop))["budget.csv"]));
    }

    [Fact]
    public async Task ListAsync_TwoFilesOfOneName_AreToldApart()
    {
        var (one, two) = (await server.PutAsync(_folder, "a.csv", "1"u8.ToArray()), await server.PutAsync(_folder, "a.csv", "2"u8.ToArray()));
        Assert.Equal(new[] { $";{one}/a.csv", $";{two}/a.csv" }.Order(StringComparer.Ordinal), (await ListAsync("*")).Select(f => f.Path));
    }

    [Fact]
    public async Task ListAsync_ReplacedFile_HasAnotherMark_AndIsNotMixed()
    {
        await server.PutAsync(_folder, "a.csv", "old"u8.ToArray());
        using var connector = Open("*");
        await foreach (var file in connector.ListAsync(Stop))
        {
            await server.PutAsync(_folder, "a.csv", "new"u8.ToArray(), replace: true);
            await using var stream = await file.OpenAsync(Stop);
            var failure = await Assert.ThrowsAsync<TransientException>(async () => await new StreamReader(stream).ReadToEndAsync(Stop));
            Assert.EndsWith("has the checksum 22af645d1859cb5ca6da0c484f1f37ea, and should have 149603e6c03516362a8da23f624db945.", failure.Message, StringComparison.Ordinal);
            Assert.NotEqual(file.ETag, (await ListAsync("*")).Single().ETag);
        }
    }

    [Fact]
    public async Task ListAsync_AnswerThatIsNoListing_IsNoEndOfTheFolder()
    {
        var asked = 0;
        using var api = new TestApi(r => r.Path == "/token" ? new TestApi.Reply("{\"access_token\": \"t\", \"expires_in\": \"3599\"}")
            : r.Query["alt"] is not null ? new TestApi.Reply("{\"error\": {\"message\": \"User Rate Limit Exceeded\", \"errors\": [{\"reason\": \"userRateLimitExceeded\"}]}}", 403)
            : r.Path.EndsWith("/export", StringComparison.Ordinal) ? new TestApi.Reply("{\"error\": {\"message\": \"This file is too large to be exported.\", \"errors\": [{\"reason\": \"exportSizeLimitExceeded\"}]}}", 403)
            : r.Query["pageToken"] is null ? new TestApi.Reply("{\"nextPageToken\": \"2\", \"files\": [{\"id\": \"1\", \"name\": \"a.csv\"}]}")
            : asked++ == 0 ? new TestApi.Reply("<html>Sign in</html>")
            : new TestApi.Reply($"{{\"files\": [{{\"id\": \"2\", \"name\": \"b\", \"mimeType\": \"{Sheet}\"}}]}}"));
        using var connector = Open("*.csv", s => s with { ApiUrl = api.Address, TokenUrl = new Uri(api.Address, "token") });
        var files = new List<SourceFile>();
        await foreach (var file in connector.ListAsync(Stop)) files.Add(file);
        Assert.Equal(["a.csv", "b.csv"], files.Select(f => f.Path));
        Assert.Contains($"debug: Google Drive: {api.Address}drive/v3/files answers HTTP 200 without a list of files.; asked again.", _fixture.Lines);
        // A limit passes, a size does not.
        Assert.Equal("Google Drive: HTTP 403: User Rate Limit Exceeded", (await Assert.ThrowsAsync<TransientException>(async () => await files[0].OpenAsync(Stop))).Message);
        var refused = await Assert.ThrowsAsync<TerminalException>(async () => await files[1].OpenAsync(Stop));
        Assert.Equal("Google Drive: HTTP 403: This file is too large to be exported.", refused.Message);
        Assert.Equal("Google exports at most 10 MB of a sheet: split it, or save it as a file of its own in the folder.", refused.Suggestion);
    }

    [Fact]
    public async Task Tokens_OfAPersonAndOfAnAccount_AreTaken_AndWrongOnesNamed()
    {
        await server.PutAsync(_folder, "a.csv", "1"u8.ToArray());
        GoogleDriveSpec Person(GoogleDriveSpec s) => s with { ServiceAccountKey = default, ClientId = "client", ClientSecret = new Secret("secret"), RefreshToken = new Secret("refresh") };
        Assert.Equal("a.csv", await NamesAsync("*", Person));
        using var other = RSA.Create(2048);
        foreach (var (change, message) in new (Func<GoogleDriveSpec, GoogleDriveSpec>, string)[]
        {
            (s => s with { ServiceAccountKey = new Secret(DriveServer.KeyFile(other)) }, $"{server.Address}token gives no token: invalid_grant: Invalid JWT Signature."),
            (s => Person(s) with { RefreshToken = new Secret("canary") }, $"{server.Address}token gives no token: invalid_grant: Bad Request"),
            (s => s with { ServiceAccountKey = default }, "There are no credentials."),
            (s => s with { RefreshToken = new Secret("canary") }, "Both service_account_key and refresh_token are given."),
            (s => s with { ServiceAccountKey = new Secret("canary") }, "service_account_key is no key file of a service account."),
            (s => s with { ServiceAccountKey = new Secret("{\"client_email\": \"canary\"}") }, "service_account_key has no client_email and private_key."),
            (s => s with { ServiceAccountKey = new Secret("{\"client_email\": \"a\", \"private_key\": \"canary\"}") }, "service_account_key is no key file of a service account."),
        })
            Assert.Equal(message, (await ConnectorAcceptance.CheckRefusalAsync(Open("*", change), ["canary"], Stop)).Message);
    }
}
