using System.Text;
using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.Api.Tests;
using FlowForge.PluginHost.Tests;

namespace FlowForge.AppHost.Tests;

/// <summary>Secrets are planted, a connector shouts them wherever it can, and then everything that was written or answered is searched for them.</summary>
[Collection(EnvironmentCollection.Name)]
public sealed class SecretCanaryTests(EnvironmentFixture environment)
{
    private const string Canary = "canary-Pässword+47/11 \"quoted\"";

    private const string Leaky = """
        public sealed record LeakySpec
        {
            [Setting("Password", Scope = SettingScope.Connection)] public Secret Password { get; init; }
            [Setting("Address", Scope = SettingScope.Connection)] public string Url { get; init; } = "";
            [Setting("What to do")] public string Mood { get; init; } = "work";
        }
        public sealed record LeakyRow(int Id, string Text);

        [Connector("leaky")]
        public sealed class Leaky(ConnectorContext<LeakySpec> context) : IRecordSource<LeakyRow>, ITestConnection, IDiscover, IReportHealth
        {
            private string Told => "password " + context.Settings.Password.Reveal() + " at " + context.Settings.Url + "?p=" + Uri.EscapeDataString(context.Settings.Password.Reveal())
                + " basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(context.Settings.Password.Reveal()));

            public Task<string> TestAsync(CancellationToken cancellationToken)
            {
                context.Log.Information("test with " + Told);
                return context.Settings.Mood == "work" ? Task.FromResult("in with " + Told) : throw new InvalidOperationException("test: " + Told, new Exception("inner: " + Told));
            }

            public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await Task.Yield();
                if (context.Settings.Mood == "nothing") yield return new DiscoveredTable("t");
                throw new TerminalException("discover: " + Told, "Change " + Told);
            }

            public async IAsyncEnumerable<LeakyRow> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
            {
                context.Log.Warning("read with " + Told);
                yield return new LeakyRow(1, "fine");
                await Task.Yield();
                if (context.Settings.Mood == "terminal") throw new TerminalException("read: " + Told, "Change " + Told);
                if (context.Settings.Mood == "transient") throw new TransientException("busy: " + Told, TimeSpan.FromMilliseconds(10));
                if (context.Settings.Mood == "unknown") throw new InvalidOperationException("odd: " + Told, new Exception("inner: " + Told));
            }

            public Task<IReadOnlyList<HealthFact>> HealthAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("health: " + Told);
        }
        """;

    [Fact]
    public async Task PlantedSecrets_AreNowhereInFilesAndAnswers()
    {
        var ct = TestContext.Current.CancellationToken;
        PluginMaker.Make(Path.Combine(environment.Data, "plugins", "leaky"), "Leaky", Leaky);
        var (client, answers) = Recording();
        await client.PutSecretAsync("canary_url", "https://user:canary-in-address@host", ct);
        await client.PutConnectionAsync("leaky_here", new PutConnection { Connector = "leaky", Settings = Settings() }, ct);
        await client.PutConnectionAsync("leaky_apart", new PutConnection { Connector = "leaky", Settings = Settings(), Isolation = ConnectorIsolation.Process }, ct);
        foreach (var connection in new[] { "leaky_here", "leaky_apart" })
        {
            Assert.True((await client.TestConnectionAsync(new ConnectionChoice { Name = connection }, ct)).Passed);
            await Assert.ThrowsAsync<FlowForgeApiException>(() => client.DiscoverAsync(new DiscoverConnection { Name = connection }, ct));
            await client.PreviewAsync(new PreviewConnection { Name = connection }, ct);
            foreach (var (mood, state) in new[] { ("work", RunState.Succeeded), ("terminal", RunState.Failed), ("transient", RunState.Failed), ("unknown", RunState.Failed) })
            {
                var name = $"{connection}_{mood}";
                await client.PutPipelineAsync(name, new PutPipeline($"pipeline: {name}\nretry: {{ max_attempts: 2, delay: 1s }}\ningest:\n  {name}:\n    source_type: leaky\n    connection: {connection}\n    config: {{ mood: {mood} }}\n"), ct);
                var run = (await client.StartRunAsync(new StartRun(name), ct)).Run;
                RunDetail detail;
                using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
                while ((detail = await client.RunAsync(run, ct)).FinishedAt is null) await tick.WaitForNextTickAsync(ct);
                Assert.Equal((name, state), (name, detail.State));
                await client.LogsAsync(run, new LogQuery(), ct);
            }
            await Assert.ThrowsAsync<FlowForgeApiException>(() => client.TestConnectionAsync(new ConnectionChoice { Name = "nobody" }, ct));
            await client.ConnectionAsync(connection, ct);
        }
        await client.ConnectionsAsync(ct);
        await client.SecretsAsync(ct);

        // It did shout: in logs, in errors, in tests.
        foreach (var shouted in new[] { "read with password *** at ***?p=*** basic ***", "read: password ***", "odd: password ***", "in with password ***", "discover: password ***" })
            Assert.Contains(answers, a => a.Contains(shouted, StringComparison.Ordinal));
        Assert.Equal([], answers.Where(a => Planted.Any(p => a.Contains(p, StringComparison.Ordinal))).Select(a => a[..Math.Min(400, a.Length)]));
        Assert.Equal([], Directory.EnumerateFiles(environment.Data, "*", SearchOption.AllDirectories).Where(f => Holds(f, Planted)).Select(f => Path.GetRelativePath(environment.Data, f)));
    }

    /// <summary>What a service gives in the place of a refresh token is as secret as the one that a person gave: jobs side by side, here and in a process of their own, use the newest, and nobody can read it.</summary>
    [Fact]
    public async Task RotatedTokens_AreUsedByJobsSideBySide_AndNowhereInFilesAndAnswers()
    {
        var ct = TestContext.Current.CancellationToken;
        using var server = new RotatingServer("canary-refresh-first");
        var (client, answers) = Recording();
        var settings = JsonSerializer.SerializeToElement(new { base_url = server.Address, auth = new { kind = "oauth2_refresh", token_url = new Uri(server.Address, "token"), client_id = "id", client_secret = "canary-client", refresh_token = "${secret:canary_rotating}" } });
        await client.PutSecretAsync("canary_rotating", "canary-refresh-first", ct);
        foreach (var (name, isolation) in new[] { ("rotating_here", ConnectorIsolation.None), ("rotating_apart", ConnectorIsolation.Process) })
        {
            await client.PutConnectionAsync(name, new PutConnection { Connector = "rest", Settings = settings, Isolation = isolation }, ct);
            await client.PutPipelineAsync(name, new PutPipeline($"pipeline: {name}\ningest:\n  {name}_a: {{ source_type: rest, connection: {name}, config: {{ url: a }} }}\n  {name}_b: {{ source_type: rest, connection: {name}, config: {{ url: b }} }}\n"), ct);
        }
        for (var round = 0; round < 2; round++)
        {
            var runs = await Task.WhenAll(new[] { "rotating_here", "rotating_apart" }.Select(async name => (await client.StartRunAsync(new StartRun(name), ct)).Run));
            foreach (var run in runs)
            {
                RunDetail detail;
                using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
                while ((detail = await client.RunAsync(run, ct)).FinishedAt is null) await tick.WaitForNextTickAsync(ct);
                Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}");
                await client.LogsAsync(run, new LogQuery(), ct);
            }
            server.EndAccess();
        }
        // None came a second time: the service would have ended all.
        Assert.Equal(server.Used.Distinct(), server.Used);
        Assert.True(server.Used.Count >= 2, $"{server.Used.Count} exchanges");
        Assert.Equal([], answers.Where(a => a.Contains("canary-", StringComparison.Ordinal)));
        Assert.Equal([], Directory.EnumerateFiles(environment.Data, "*", SearchOption.AllDirectories).Where(f => Holds(f, ["canary-refresh", "canary-access", "canary-client"])).Select(f => Path.GetRelativePath(environment.Data, f)));
    }

    private static readonly string[] Planted = [Canary, Uri.EscapeDataString(Canary), Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary)), JsonSerializer.Serialize(Canary)[1..^1], "canary-Pässword", "canary-P\\u00E4ssword", "canary-in-address"];

    private static JsonElement Settings() => JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["password"] = Canary, ["url"] = "${secret:canary_url}" });

    private static bool Holds(string file, string[] planted)
    {
        byte[] bytes;
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
        return planted.Any(p => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(p)) >= 0 || bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(p)) >= 0);
    }

    /// <summary>A client whose every answer is kept.</summary>
    private (FlowForgeClient Client, List<string> Answers) Recording()
    {
        var answers = new List<string>();
        var running = RunningEnvironment.Read(environment.Data)!;
        var http = new HttpClient(new Recorder(answers)) { BaseAddress = running.Runtime, Timeout = TimeSpan.FromSeconds(100) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(running.TokenFile).Trim());
        return (new FlowForgeClient(http), answers);
    }

    private sealed class Recorder(List<string> answers) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            lock (answers) answers.Add($"{request.Method} {request.RequestUri}: {text}");
            return response;
        }
    }
}
