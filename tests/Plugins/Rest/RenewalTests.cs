using System.Text.Json;
using FlowForge.Plugins.Rest;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Rest;

/// <summary>Services that give a new refresh token with each use and void the old: what they gave is kept, before it is used, and one at a time asks.</summary>
public sealed class RenewalTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly TestApi _api;
    private int _given, _starts, _seconds = 3600, _valid = 1;
    private bool _isRevoked;
    private TaskCompletionSource? _hesitates;
    private Action _use = () => { };

    public RenewalTests() => _api = new TestApi(Answer);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _api.Dispose();
        _fixture.Dispose();
    }

    /// <summary>Strict, as OAuth's best practice wants it: a refresh token that comes a second time ends all that came of it.</summary>
    private TestApi.Reply Answer(TestApi.Request request)
    {
        if (request.Path != "/token")
        {
            _use();
            return !_isRevoked && request.Headers["Authorization"] is { } bearer && int.Parse(bearer["Bearer t".Length..], System.Globalization.CultureInfo.InvariantCulture) >= _valid ? new TestApi.Reply("[{\"id\": 1}]") : new TestApi.Reply("expired", 401);
        }
        _hesitates?.Task.Wait();
        if (_isRevoked || request.Body != $"grant_type=refresh_token&refresh_token=r{_given}")
        {
            _isRevoked = true;
            return new TestApi.Reply("{\"error\": \"invalid_grant\"}", 400);
        }
        _given++;
        return new TestApi.Reply($"{{\"access_token\": \"t{_given}\", \"refresh_token\": \"r{_given}\", \"expires_in\": {_seconds}}}");
    }

    private AuthSpec Auth(string refresh) => new() { Kind = AuthKind.Oauth2Refresh, TokenUrl = new Uri(_api.Address, "token"), ClientId = "id", ClientSecret = new Secret("s"), RefreshToken = new Secret(refresh) };

    /// <summary>As in another process: of other credentials, among which headers count, nothing is known but what the runtime keeps.</summary>
    private RestSpec Started(string refresh = "r0") => new()
    {
        BaseUrl = _api.Address, Url = "x", Auth = Auth(refresh), Headers = new Dictionary<string, Secret> { ["X-Start"] = new((++_starts).ToString(System.Globalization.CultureInfo.InvariantCulture)) },
    };

    private Task<int> ReadAsync(RestSpec spec) => ReadAsync(_fixture.Context(spec), Stop);

    private static async Task<int> ReadAsync(ConnectorContext<RestSpec> context, CancellationToken ct)
    {
        using var connector = new RestConnector(context);
        var count = 0;
        await foreach (var page in connector.ReadAsync(new ReadRequest(), ct)) count += page.Count;
        return count;
    }

    private string Kept(string name, string given = "r0") => JsonDocument.Parse(_fixture.Renewed[given]).RootElement.GetProperty(name).GetString()!;

    [Fact]
    public async Task Renewed_IsKeptBeforeItIsUsed_AndUsedByTheNextProcess()
    {
        var keptAtUse = new List<string>();
        _use = () => keptAtUse.Add(_fixture.Renewed.ContainsKey("r0") ? Kept("refresh_token") : "nothing");
        Assert.Equal(1, await ReadAsync(Started()));
        Assert.Equal(["r1"], keptAtUse);
        // The access token still lasts: nothing is used up.
        Assert.Equal(1, await ReadAsync(Started()));
        Assert.Equal("/token /x /x", _api.Asked);
        // It is taken no more: the newest refresh token is used, once.
        _valid = 2;
        Assert.Equal(1, await ReadAsync(Started()));
        Assert.Equal("/token /x /x /x /token /x", _api.Asked);
        Assert.Equal(["r1", "r1", "r1", "r2"], keptAtUse);
        Assert.Equal(("r2", "t2", $"{_api.Address}token id "), (Kept("refresh_token"), Kept("access_token"), Kept("for")));
        Assert.Empty(_fixture.Lines);
        Assert.Equal(["t1", "r1", "t2", "r2"], _fixture.Concealed.Distinct());
    }

    [Fact]
    public async Task Renewed_ByManyProcessesSideBySide_NoneComesWithATokenThatIsUsedUp()
    {
        // So short that each must ask.
        _seconds = 1;
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Started()).ToList().Select(spec => Task.Run(() => ReadAsync(spec)))), count => Assert.Equal(1, count));
        Assert.Equal((8, "r8", false), (_given, Kept("refresh_token"), _isRevoked));
    }

    [Fact]
    public async Task Renewed_SecretThatIsSetAnew_Wins()
    {
        Assert.Equal(1, await ReadAsync(Started()));
        _given = 70;
        Assert.Equal(1, await ReadAsync(Started("r70")));
        Assert.Equal(("r1", "r71"), (Kept("refresh_token"), Kept("refresh_token", "r70")));
    }

    [Fact]
    public async Task Renewed_RunThatIsCancelledWhileTheServerHesitates_LosesNothing()
    {
        _hesitates = new TaskCompletionSource();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var reading = ReadAsync(_fixture.Context(Started()), cancel.Token);
        while (_api.Requests.IsEmpty) await Task.Delay(10, Stop);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Empty(_fixture.Renewed);
        _hesitates.SetResult();
        Assert.Equal(1, await ReadAsync(Started()));
        Assert.Equal((1, "r1"), (_given, Kept("refresh_token")));
    }

    [Fact]
    public async Task Renewed_ThatCannotBeStored_IsSaid_AndLastsAsLongAsTheProcess()
    {
        var full = new FullDisk();
        var spec = Started();
        var context = new ConnectorContext<RestSpec> { Settings = spec, BaseDirectory = _fixture.Folder, AllowedRoots = [], Log = _fixture, Activities = _fixture.Context(spec).Activities, Meter = _fixture.Context(spec).Meter, Renewals = full };
        Assert.Equal(1, await ReadAsync(context, Stop));
        Assert.Equal([$"warning: The tokens that {_api.Address}token gave are kept until the process ends and not stored: The disk is full. If it voids a refresh token that was used, the next start needs a new one."], _fixture.Lines);
        (_valid, full.Kept) = (2, "");
        Assert.Equal(1, await ReadAsync(context, Stop));
        Assert.Contains("\"refresh_token\":\"r2\"", full.Kept, StringComparison.Ordinal);
    }

    /// <summary>Stores nothing until it is given a place.</summary>
    private sealed class FullDisk : IRenewals, IRenewal
    {
        public string? Kept { get; set; }
        public Secret Current => new("r0");
        public ValueTask<IRenewal> HoldAsync(Secret given, CancellationToken cancellationToken) => new(this);
        public ValueTask DisposeAsync() => default;

        public ValueTask KeepAsync(Secret renewed, CancellationToken cancellationToken)
        {
            if (Kept is null) throw new IOException("The disk is full.");
            Kept = renewed.Reveal();
            return default;
        }
    }
}
