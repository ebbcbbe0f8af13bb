using FlowForge.Plugins.Rest;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>What a connection to an API says of itself when no job says what to read: its test, and the figures worth watching.</summary>
public sealed class ApiConnectionTests : IDisposable
{
    private static readonly AuthSpec Client = new() { Kind = AuthKind.Oauth2ClientCredentials, ClientId = "id", ClientSecret = new Secret("s") };
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task TestAsync_NothingAtTheRoot_IsNoFailure_ARefusedLoginIs()
    {
        using var api = new TestApi(r => r.Path == "/token" ? new TestApi.Reply("{\"access_token\": \"t1\", \"expires_in\": 600}") : new TestApi.Reply("no", r.Headers["Authorization"] is "Bearer right" or "Bearer t1" ? 404 : 401));
        using var fits = new RestConnector(_fixture.Context(new RestSpec { BaseUrl = api.Address, Auth = new AuthSpec { Kind = AuthKind.Bearer, Token = new Secret("right") } }));
        Assert.Equal($"{api.Address.Authority} answers; there is nothing at the address itself (HTTP 404), so what a job reads is not tried", await fits.TestAsync(Stop));
        using var given = new RestConnector(_fixture.Context(new RestSpec { BaseUrl = api.Address, Auth = Client with { TokenUrl = new Uri(api.Address, "token") } }));
        Assert.StartsWith($"{api.Address.Authority} answers, a token was given; ", await given.TestAsync(Stop), StringComparison.Ordinal);
        using var wrong = new RestConnector(_fixture.Context(new RestSpec { BaseUrl = api.Address, Auth = new AuthSpec { Kind = AuthKind.Bearer, Token = new Secret("canary") } }));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => wrong.TestAsync(Stop));
        Assert.Equal(($"{api.Address}: HTTP 401 Unauthorized: no", "Check auth: the credentials, their scopes and rights."), (refused.Message, refused.Suggestion));
    }

    [Fact]
    public async Task HealthAsync_TellsWhatTheLastAnswersTold_AlsoToOthersOfTheSameCredentials_AndAsksNothing()
    {
        using var api = new TestApi(r => r.Path == "/token" ? new TestApi.Reply("{\"access_token\": \"t1\", \"expires_in\": 600}") : new TestApi.Reply("[{}]", 200, ("X-RateLimit-Remaining", "41")));
        var spec = new RestSpec { BaseUrl = api.Address, Url = "x", Auth = Client with { TokenUrl = new Uri(api.Address, "token") } };
        using (var reads = new RestConnector(_fixture.Context(spec)))
        {
            Assert.Empty(await reads.HealthAsync(Stop));
            await foreach (var _ in reads.ReadAsync(new ReadRequest(), Stop)) { }
        }
        using var watches = new RestConnector(_fixture.Context(spec with { Url = "" }));
        var facts = await watches.HealthAsync(Stop);
        Assert.Equal(["requests left 41 at the last answer", "access token ends in min"], facts.Select(f => f.Unit == "min" ? $"{f.Name} {f.Unit}" : $"{f.Name} {f.Value} {f.Unit}"));
        Assert.InRange(facts[1].Value, 0.1, 10);
        using var others = new RestConnector(_fixture.Context(spec with { Auth = spec.Auth with { ClientSecret = new Secret("another") } }));
        Assert.Empty(await others.HealthAsync(Stop));
        Assert.Equal("/token /x", api.Asked);
    }

    [Fact]
    public async Task ReadAsync_WaitsForTheConnectionsPace()
    {
        using var api = new TestApi(r => new TestApi.Reply(r.Query["page"] == "3" ? "[]" : $"[{{\"id\": {r.Query["page"]}}}]"));
        using var connector = new RestConnector(_fixture.Context(new RestSpec { BaseUrl = api.Address, Url = "x", PageParam = "page" }));
        await foreach (var _ in connector.ReadAsync(new ReadRequest(), Stop)) { }
        Assert.Equal((3, 3L), (api.Requests.Count, _fixture.Waits));
    }
}
