using System.Text.Json.Nodes;
using FlowForge.Plugins;

namespace FlowForge.PluginHost.Tests;

public sealed class PluginRegistryTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "flowforge-plugin-tests", Guid.NewGuid().ToString("n"));
    private readonly string _plugins;
    private readonly RecordingLog _log = new();

    public PluginRegistryTests()
    {
        _plugins = Path.Combine(_root, "plugins");
        Directory.CreateDirectory(_plugins);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private PluginRegistry Scan() => PluginRegistry.Scan(_plugins, Path.Combine(_root, "shadow"));

    private OpenRequest Request(JsonObject? settings = null) => new()
    {
        Settings = settings ?? [], BaseDirectory = _root, AllowedRoots = [_root], Log = _log, Secrets = name => name == "key" ? "hush-hush" : null,
    };

    /// <summary>A connector whose ToString says something.</summary>
    private static string Speaker(string name, string says, string spec = "", string constructor = "") => $$"""
        public sealed record Spec { {{spec}} }
        [Connector("{{name}}", Title = "Speaker", Description = "Says something.", Aliases = new[] { "{{name}}_too" })]
        public sealed class Speaker : IConnector
        {
            private readonly ConnectorContext<Spec> context;
            public Speaker(ConnectorContext<Spec> context) { this.context = context; {{constructor}} }
            public override string ToString() => {{says}};
        }
        """;

    private static async Task<string> SayAsync(PluginRegistry registry, string name, OpenRequest request)
    {
        await using var lease = registry.Open(name, request);
        return lease.Connector.ToString()!;
    }

    [Fact]
    public void Scan_BuiltFileConnector_IsFoundWithItsSettings()
    {
        var repo = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
        var configuration = AppContext.BaseDirectory.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries)[^1];
        var registry = PluginRegistry.Scan(Path.Combine(repo, "artifacts", "plugins", configuration), Path.Combine(_root, "shadow"));
        Assert.Empty(registry.Problems);
        var file = registry.Connector("file_local");
        Assert.Equal("file", file.Name);
        Assert.Equal(["discover", "file_sink", "file_source", "test_connection", "watch"], file.Abilities);
        Assert.Equal(["path", "exclude", "must_exist"], file.Spec.Settings.Select(s => s.Name));
        Assert.Equal(["path"], file.Spec.ToJsonSchema()["required"]!.AsArray().Select(n => (string)n!));
    }

    [Fact]
    public void Spec_SettingsWithoutTitles_AreNamedAsPeopleWriteThem()
    {
        const string spec = "public string BaseUrl { get; init; } = \"\"; public int FetchKib { get; init; } public bool Tls { get; init; } public string SslRootCertificate { get; init; } = \"\"; public int Kib { get; init; } [Setting(\"\", Title = \"Own name\")] public string TokenUrl { get; init; } = \"\";";
        PluginMaker.Make(Path.Combine(_plugins, "one"), "One", Speaker("one", "\"1\"", spec));
        Assert.Equal(["Base URL", "Fetch (KiB)", "TLS", "SSL root certificate", "Kib", "Own name"], Scan().Connector("one").Spec.Settings.Select(s => s.Title));
    }

    [Fact]
    public void Open_PatternAndALineBreak_IsRefused()
    {
        PluginMaker.Make(Path.Combine(_plugins, "one"), "One", Speaker("one", "context.Settings.Name", "[Setting(\"Name\", Pattern = \"[a-z]+\")] public string Name { get; init; } = \"\";"));
        var failure = Assert.Throws<SettingsException>(() => Scan().Open("one", Request(new JsonObject { ["name"] = "abc\n" })));
        Assert.Equal("'name' is \"abc\n\", which does not match [a-z]+.", Assert.Single(failure.Errors).Message);
    }

    [Fact]
    public async Task Connector_WhileItsFolderIsRebuilt_StaysAsItWas()
    {
        var folder = Path.Combine(_plugins, "one");
        PluginMaker.Make(folder, "One", Speaker("one", "\"1\""));
        var registry = Scan();
        using var stop = new CancellationTokenSource();
        var names = Enumerable.Range(0, 100).Select(i => Path.Combine(folder, $"part-{i}.bin")).ToList();
        var building = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                foreach (var name in names) File.WriteAllText(name, "");
                foreach (var name in names) File.Delete(name);
            }
        });
        try
        {
            for (var look = 0; look < 20; look++) Assert.Equal("one", registry.Connector("one").Name);
        }
        finally
        {
            await stop.CancelAsync();
            await building;
        }
        Assert.Equal("1", await SayAsync(registry, "one", Request()));
        Assert.Empty(registry.Problems);
    }

    [Fact]
    public void Connector_Unknown_ListsThoseThereAre()
    {
        PluginMaker.Make(Path.Combine(_plugins, "one"), "One", Speaker("one", "\"1\""));
        var failure = Assert.Throws<PluginException>(() => Scan().Connector("two"));
        Assert.Equal("There is no connector 'two'. There are: one.", failure.Message);
    }

    [Fact]
    public void Connector_EmptyFolder_SaysToBuild() =>
        Assert.Equal($"There is no connector 'two'. No plugin was found in {_plugins}: build the solution first.", Assert.Throws<PluginException>(() => Scan().Connector("two")).Message);

    [Fact]
    public async Task Open_TwoVersionsOfOneLibrary_WorkSideBySide()
    {
        PluginMaker.Make(Path.Combine(_plugins, "old"), "Old", Speaker("old", "Library.Word()"), ("public static class Library { public static string Word() => \"first\"; }", "1.0.0.0"));
        PluginMaker.Make(Path.Combine(_plugins, "new"), "New", Speaker("new", "Library.Word()"), ("public static class Library { public static string Word() => \"second\"; }", "2.0.0.0"));
        var registry = Scan();
        Assert.Equal("first", await SayAsync(registry, "old", Request()));
        Assert.Equal("second", await SayAsync(registry, "new_too", Request()));
    }

    [Fact]
    public async Task Open_ChangedFolder_IsUsedByTheNextRunWhileTheRunningOneKeepsTheOld()
    {
        var folder = Path.Combine(_plugins, "one");
        PluginMaker.Make(folder, "One", Speaker("one", "\"old\""));
        var registry = Scan();
        await using var running = registry.Open("one", Request());
        PluginMaker.Make(folder, "One", Speaker("one", "\"newer\""));
        Assert.Equal("newer", await SayAsync(registry, "one", Request()));
        Assert.Equal("old", running.Connector.ToString());
    }

    [Fact]
    public async Task Open_FolderThatBroke_KeepsTheLastGoodGeneration()
    {
        var folder = Path.Combine(_plugins, "one");
        PluginMaker.Make(folder, "One", Speaker("one", "\"good\""));
        var registry = Scan();
        File.WriteAllText(Path.Combine(folder, "One.dll"), "no assembly");
        Assert.Equal("good", await SayAsync(registry, "one", Request()));
        Assert.Equal(folder, Assert.Single(registry.Problems).Folder);
        PluginMaker.Make(folder, "One", Speaker("one", "\"mended\""));
        Assert.Equal("mended", await SayAsync(registry, "one", Request()));
        Assert.Empty(registry.Problems);
    }

    [Fact]
    public void Connectors_RemovedFolder_IsGone()
    {
        PluginMaker.Make(Path.Combine(_plugins, "one"), "One", Speaker("one", "\"1\""));
        var registry = Scan();
        Assert.Single(registry.Connectors);
        Directory.Delete(Path.Combine(_plugins, "one"), recursive: true);
        Assert.Empty(registry.Connectors);
    }

    [Fact]
    public void Scan_TwoPluginsInOneFolder_IsAProblemAndOthersWork()
    {
        PluginMaker.Make(Path.Combine(_plugins, "both"), "One", Speaker("one", "\"1\""));
        PluginMaker.Make(Path.Combine(_plugins, "both"), "Two", Speaker("two", "\"2\""));
        PluginMaker.Make(Path.Combine(_plugins, "good"), "Good", Speaker("good", "\"3\""));
        var registry = Scan();
        Assert.Equal(["good"], registry.Connectors.Select(c => c.Name));
        Assert.Contains("holds several plugins", Assert.Single(registry.Problems).Message);
    }

    [Fact]
    public void Scan_PluginWithoutAConnector_SaysWhatToDo()
    {
        PluginMaker.Make(Path.Combine(_plugins, "none"), "None", "public sealed class Nothing : IConnector { }");
        Assert.Equal("None has no connector. Put [Connector(\"name\")] on a public class that implements IConnector, or [SqlFunction(\"name\")] on a public static method.", Assert.Single(Scan().Problems).Message);
    }

    [Fact]
    public void Open_ConstructorThrows_IsTheConnectorsFailureNotOurs()
    {
        PluginMaker.Make(Path.Combine(_plugins, "bad"), "Bad", Speaker("bad", "\"\"", constructor: "throw new InvalidOperationException(\"boom\");"));
        Assert.Equal("Connector 'bad' failed in its constructor: boom", Assert.Throws<PluginException>(() => Scan().Open("bad", Request())).Message);
    }

    [Fact]
    public void Open_ConstructorThrowsTerminal_PassesThrough()
    {
        PluginMaker.Make(Path.Combine(_plugins, "bad"), "Bad", Speaker("bad", "\"\"", constructor: "throw new TerminalException(\"no such host\", \"Correct it.\");"));
        Assert.Equal("no such host", Assert.Throws<TerminalException>(() => Scan().Open("bad", Request())).Message);
    }

    private const string ManySettings = """
        [Setting("Where")] public required string Host { get; init; }
        [Setting("Port", Minimum = 1, Maximum = 65535)] public int Port { get; init; } = 5432;
        [Setting("Mode")] public DayOfWeek StartDay { get; init; }
        [Setting("Wait")] public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(5);
        [Setting("Lists")] public IReadOnlyList<int> Numbers { get; init; } = new int[0];
        [Setting("Maps")] public IReadOnlyDictionary<string, bool> Flags { get; init; } = new Dictionary<string, bool>();
        [Setting("Key")] public Secret ApiKey { get; init; }
        """;

    private PluginRegistry WithManySettings()
    {
        PluginMaker.Make(Path.Combine(_plugins, "many"), "Many", Speaker("many",
            "$\"{context.Settings.Host} {context.Settings.Port} {context.Settings.StartDay} {context.Settings.Wait} {string.Join(\",\", context.Settings.Numbers)} {context.Settings.Flags.Count} {context.Settings.ApiKey} {context.Settings.ApiKey.Reveal().Length}\"",
            ManySettings, "context.Log.Information(\"the key is \" + context.Settings.ApiKey.Reveal());"));
        return Scan();
    }

    [Fact]
    public async Task Open_Settings_AreBoundWithDefaultsAndSecretsMasked()
    {
        var settings = JsonNode.Parse("""{ "host": "h", "start_day": "friday", "wait": "2m", "numbers": [1, 2], "flags": { "a": true }, "api_key": "${secret:key}" }""")!.AsObject();
        Assert.Equal("h 5432 Friday 00:02:00 1,2 1 *** 9", await SayAsync(WithManySettings(), "many", Request(settings)));
        Assert.Equal(["the key is ***"], _log.Lines);
    }

    [Fact]
    public void Open_WrongSettings_AreAllNamedAtOnce()
    {
        var settings = JsonNode.Parse("""{ "prot": 1, "port": 70000, "start_day": "someday", "wait": "soon", "numbers": ["x"], "api_key": "${secret:none}" }""")!.AsObject();
        var failure = Assert.Throws<SettingsException>(() => WithManySettings().Open("many", Request(settings)));
        Assert.Equal(
            [
                "prot|'prot' is not a setting of 'many'.|Did you mean 'port'?",
                "host|'host' is missing.|It means: Where.",
                "port|'port' must be at most 65535, but is 70000.|",
                "start_day|'start_day' must be one of sunday, monday, tuesday, wednesday, thursday, friday, saturday, but is \"someday\".|",
                "wait|'wait' must be a duration like 30s, 5m, 2h or 00:05:00, but is \"soon\".|",
                "numbers[0]|'numbers[0]' must be a whole number, but is \"x\".|",
                "api_key|'api_key' refers to ${secret:none}, which is not there.|Store the secret or set the environment variable, or correct the name.",
            ],
            failure.Errors.Select(e => $"{e.Path}|{e.Message}|{e.Suggestion}"));
    }

    [Fact]
    public async Task Open_EnvironmentVariables_AreGivenAndMaskedButNotFlowForgesOwn()
    {
        Environment.SetEnvironmentVariable("SHOP_HOST_FOR_TEST", "host-from-environment");
        Environment.SetEnvironmentVariable("FLOWFORGE_SECRET_FOR_TEST", "never");
        try
        {
            var settings = JsonNode.Parse("""{ "host": "${env:SHOP_HOST_FOR_TEST}" }""")!.AsObject();
            Assert.StartsWith("host-from-environment 5432", await SayAsync(WithManySettings(), "many", Request(settings)), StringComparison.Ordinal);
            Assert.Equal("at ***", SecretMask.Hide("at host-from-environment"));
            foreach (var name in new[] { "FLOWFORGE_SECRET_FOR_TEST", "flowforge__datafolder", "Temporal__ApiKey", "Lake__S3__SecretKey" })
            {
                var failure = Assert.Throws<SettingsException>(() => WithManySettings().Open("many", Request(new JsonObject { ["host"] = $"${{env:{name}}}" })));
                Assert.Equal($"'host' refers to ${{env:{name}}}, which is FlowForge's own and is not given to connectors.", Assert.Single(failure.Errors).Message);
            }
        }
        finally
        {
            Environment.SetEnvironmentVariable("SHOP_HOST_FOR_TEST", null);
            Environment.SetEnvironmentVariable("FLOWFORGE_SECRET_FOR_TEST", null);
        }
    }

    [Theory]
    [InlineData("u")]
    [InlineData("us")]
    [InlineData("use")]
    [InlineData("")]
    public void Hide_SecretInsideOfBasicCredentials_IsHidden(string user)
    {
        foreach (var secret in new[] { "basic-canary-1", "basic-canary-12", "basic canary/123" })
        {
            SecretMask.Learn(secret);
            foreach (var sent in new[] { secret, Uri.EscapeDataString(secret) })
            {
                var header = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{sent}"));
                var hidden = SecretMask.Hide($"refused: Authorization: Basic {header}.");
                Assert.Matches(@"^refused: Authorization: Basic [A-Za-z0-9+/]{0,7}\*\*\*\.$", hidden);
                Assert.StartsWith(hidden["refused: Authorization: Basic ".Length..^"***.".Length], header, StringComparison.Ordinal);
            }
        }
        Assert.Equal("YmFzaWM= is no secret", SecretMask.Hide("YmFzaWM= is no secret"));
    }

    [Theory]
    [InlineData("refused eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl_-1 here", "refused *** here")]
    [InlineData("401: Authorization: Bearer ya29.a0AfH6SMBx-canary_77 expired", "401: Authorization: Bearer *** expired")]
    [InlineData("""{"access_token": "opaque-canary-9", "expires_in": 3600, "refresh_token":"r-canary-123"}""", """{"access_token": "***", "expires_in": 3600, "refresh_token":"***"}""")]
    [InlineData("GET https://x.example/a?access_token=opaque-canary-9&page=2", "GET https://x.example/a?access_token=***&page=2")]
    [InlineData("Set access_token: it is missing. The bearer of this note reads eyJust fine.", "Set access_token: it is missing. The bearer of this note reads eyJust fine.")]
    public void Hide_WhatLooksLikeAToken_IsHiddenAndWordsAreNot(string text, string shown) => Assert.Equal(shown, SecretMask.Hide(text));

    [Fact]
    public void LearnDerived_ManyTokens_TheNewestAreHiddenAndRowsKeepWhatOnlyLooksLikeOne()
    {
        for (var i = 0; i < 250; i++) SecretMask.LearnDerived($"derived canary {i:000}");
        Assert.Equal("*** and ***", SecretMask.HideKnown("derived canary 249 and " + Uri.EscapeDataString("derived canary 100")));
        Assert.Equal("derived canary 000", SecretMask.HideKnown("derived canary 000"));
        Assert.Equal("Bearer abcdefghijklmnop", SecretMask.HideKnown("Bearer abcdefghijklmnop"));
    }

    [Fact]
    public void ToJsonSchema_ManySettings_DescribesEach()
    {
        var schema = WithManySettings().Connector("many").Spec.ToJsonSchema();
        Assert.Equal("""{"type":"integer","title":"Port","description":"Port","default":5432,"minimum":1,"maximum":65535}""", schema["properties"]!["port"]!.ToJsonString());
        Assert.Equal("""{"type":"string","writeOnly":true,"x-secret":true,"title":"API key","description":"Key"}""", schema["properties"]!["api_key"]!.ToJsonString());
        Assert.False((bool)schema["additionalProperties"]!);
    }

    [Fact]
    public async Task When_SaysForWhichValuesASettingMeansSomething_AndRefusesWhatCanNeverBe()
    {
        const string Kinds = "public bool Tls { get; init; } public DayOfWeek Day { get; init; } public string Text { get; init; } = \"\"; ";
        foreach (var (name, when) in new[] { ("right", "day=monday,friday"), ("form", "tls"), ("nobody", "ssl=true"), ("never", "day=noday"), ("text", "text=a"), ("own", "only=a") })
            PluginMaker.Make(Path.Combine(_plugins, name), "Plugin" + name, Speaker(name, "context.Settings.Only", Kinds + $"[Setting(\"Only then\", When = \"{when}\")] public string Only {{ get; init; }} = \"\";"));
        var registry = Scan();
        Assert.Equal(
            [
                "Setting only has When = \"day=noday\", and day is never noday: it has sunday, monday, tuesday, wednesday, thursday, friday, saturday.",
                "Setting only has When = \"only=a\", and there is no setting only beside it.",
                "Setting only has When = \"ssl=true\", and there is no setting ssl beside it.",
                "Setting only has When = \"text=a\", and text is neither a choice nor true or false.",
                "Setting only has When = \"tls\"; it is written as name=value,value.",
            ],
            registry.Problems.Select(p => p.Message[p.Message.IndexOf("Setting only", StringComparison.Ordinal)..]).Order(StringComparer.Ordinal));
        var only = registry.Connector("right").Spec.ToJsonSchema()["properties"]!["only"]!;
        Assert.Equal("""{"type":"string","title":"Only","description":"Only then","x-when":{"day":["monday","friday"]}}""", only.ToJsonString());
        // Without need it is ignored, and no error.
        Assert.Equal("kept", await SayAsync(registry, "right", Request(new JsonObject { ["day"] = "sunday", ["only"] = "kept" })));
    }

    private sealed class RecordingLog : IConnectorLog
    {
        public List<string> Lines { get; } = [];
        public void Debug(string message) => Lines.Add(message);
        public void Information(string message) => Lines.Add(message);
        public void Warning(string message) => Lines.Add(message);
    }
}
