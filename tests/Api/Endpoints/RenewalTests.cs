using System.Text;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

/// <summary>Refresh tokens for one use outlast the runtime: what a service gave is kept, hidden, until its secret is set anew or goes.</summary>
public sealed class RenewalTests
{
    private const string First = "canary-refresh-first";

    [Fact]
    public async Task RotatedTokens_OutlastTheRuntime_AreNowhereToBeRead_AndGoWithTheConnection()
    {
        var ct = TestContext.Current.CancellationToken;
        using var server = new RotatingServer(First);
        var runtime = new TestRuntime();
        try
        {
            await runtime.InitializeAsync();
            var client = runtime.Client;
            var settings = JsonSerializer.SerializeToElement(new { base_url = server.Address, url = "x", auth = new { kind = "oauth2_refresh", token_url = new Uri(server.Address, "token"), client_id = "id", client_secret = "canary-client", refresh_token = First } });
            // Tried before it is saved, in the runtime's process and in one of its own: the token is used once, and what came of it serves all.
            var preview = await client.PreviewAsync(new PreviewConnection { Connector = "rest", Settings = settings }, ct);
            Assert.Equal("{\"id\":1}\n{\"id\":2}", preview.Text);
            await client.PutConnectionAsync("rotating", new PutConnection { Connector = "rest", Settings = settings, Isolation = ConnectorIsolation.Process }, ct);
            Assert.Equal("{\"id\":1}\n{\"id\":2}", (await client.PreviewAsync(new PreviewConnection { Name = "rotating" }, ct)).Text);
            Assert.Equal([First], server.Used);

            await runtime.RestartAsync();
            client = runtime.Client;
            var newest = server.Newest;
            server.EndAccess();
            Assert.Equal("{\"id\":1}\n{\"id\":2}", (await client.PreviewAsync(new PreviewConnection { Name = "rotating" }, ct)).Text);
            Assert.Equal([First, newest], server.Used);
            Assert.Equal([], Directory.EnumerateFiles(runtime.Folder, "*", SearchOption.AllDirectories).Where(Holds).Select(f => Path.GetRelativePath(runtime.Folder, f)));

            // What is set anew wins.
            server.Newest = "canary-refresh-by-hand";
            await client.PutSecretAsync("rotating.auth.refresh_token", "canary-refresh-by-hand", ct);
            server.EndAccess();
            await client.PreviewAsync(new PreviewConnection { Name = "rotating" }, ct);
            Assert.Equal([First, newest, "canary-refresh-by-hand"], server.Used);

            // A connection that comes again knows nothing of what the first one kept; the refusal does not repeat the token.
            await client.DeleteConnectionAsync("rotating", ct: ct);
            await client.PutConnectionAsync("rotating", new PutConnection { Connector = "rest", Settings = JsonSerializer.SerializeToElement(JsonDocument.Parse(settings.GetRawText().Replace(First, "canary-refresh-by-hand", StringComparison.Ordinal)).RootElement) }, ct);
            server.EndAccess();
            var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewAsync(new PreviewConnection { Name = "rotating" }, ct));
            Assert.Equal($"{server.Address}token gives no token: HTTP 400: used up: ***", refused.Problem?.Detail);
            Assert.Equal("canary-refresh-by-hand", server.Used.Last());
        }
        finally
        {
            await runtime.DisposeAsync();
        }
    }

    private static bool Holds(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes.AsSpan().IndexOf("canary-"u8) >= 0 || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes("canary-")) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
