using System.Text.Json.Nodes;
using FlowForge.PluginHost;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests;

/// <summary>The connectors as the build leaves them in their folders: all load, and all describe their settings.</summary>
public sealed class BuiltInPluginsTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private PluginRegistry Scan()
    {
        var repo = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(repo, "FlowForge.sln"))) repo = Path.GetDirectoryName(repo)!;
        return PluginRegistry.Scan(Path.Combine(repo, "artifacts", "plugins", "debug"), Path.Combine(_fixture.Folder, "shadow"));
    }

    [Fact]
    public void Scan_BuiltInFolders_LoadsEveryConnector()
    {
        var registry = Scan();
        Assert.Empty(registry.Problems);
        Assert.Superset(new HashSet<string> { "azure_blob", "dynamodb", "file", "ftp", "graphql", "http", "kafka", "odbc", "postgres", "postgres_cdc", "rabbitmq", "redis", "rest", "sftp", "sqlite", "webhook" }, registry.Connectors.Select(c => c.Name).ToHashSet());
        Assert.Equal("rest", registry.Connector("api").Name);
        Assert.Equal("kafka", registry.Connector("streaming").Name);
        foreach (var connector in registry.Connectors)
        {
            Assert.All(connector.Spec.Settings, s => Assert.True(s.Description.Length > 0, $"{connector.Name}.{s.Name} has no description."));
            Assert.True(connector.Description.EndsWith('.'), connector.Name);
        }
        Assert.Equal(["after_commit", "batch_source", "discover", "report_health", "resume", "stream", "test_connection"], registry.Connector("postgres_cdc").Abilities);
    }

    [Fact]
    public async Task Open_NestedSettings_AreBoundAndWrongOnesNamed()
    {
        var registry = Scan();
        OpenRequest With(string json) => new() { Settings = JsonNode.Parse(json)!.AsObject(), BaseDirectory = _fixture.Folder, AllowedRoots = [_fixture.Folder], Log = _fixture };
        await using (var lease = registry.Open("rest", With("""
            {"base_url": "https://api.example.com/", "auth": {"kind": "oauth2_client_credentials", "token_url": "https://api.example.com/token", "client_id": "a", "client_secret": "b"},
             "resources": {"users": {"url": "users", "paging": "page"}, "posts": {"url": "users/{users.id}/posts", "watermark_format": "unix_ms"}}}
            """)))
        {
            var names = new List<string>();
            await foreach (var table in ((IDiscover)lease.Connector).DiscoverAsync(TestContext.Current.CancellationToken)) names.Add(table.Name);
            Assert.Equal(["users", "posts"], names);
        }
        var failure = Assert.Throws<SettingsException>(() => registry.Open("postgres", With("{\"hots\": \"x\", \"port\": 70000, \"database\": \"d\", \"user\": \"u\", \"ssl_mode\": \"maybe\"}")));
        Assert.Contains("'hots' is not a setting of 'postgres'. Did you mean 'host'?", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'port' must be at most 65535, but is 70000.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'ssl_mode' must be one of disable, prefer, require, verify_ca, verify_full, but is \"maybe\".", failure.Message, StringComparison.Ordinal);
        Assert.Contains("'host' is missing.", failure.Message, StringComparison.Ordinal);
    }
}
