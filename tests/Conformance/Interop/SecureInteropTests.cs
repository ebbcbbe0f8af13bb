using System.Text.Json;
using FlowForge.Conformance.Tests.Support;
using FlowForge.Temporal.Worker;

namespace FlowForge.Conformance.Tests;

/// <summary>The same peers over TLS with client certificates and an API key, in both directions.</summary>
public sealed class SecureInteropTests : IAsyncLifetime
{
    private const string Key = "a key of this test";
    private readonly TemporaryFolder _folder = new();
    private DevServer _server = null!;

    private Dictionary<string, string> Environment => new() { ["INTEROP_TLS"] = _folder.Path, ["INTEROP_KEY"] = Key };

    private TemporalOptions Options => new()
    {
        Address = _server.Address,
        ApiKey = Key,
        TlsRootCertificatesFile = _folder.File("ca.pem"),
        TlsClientCertificateFile = _folder.File("client.pem"),
        TlsClientKeyFile = _folder.File("client.key"),
        ConnectTimeout = TimeSpan.FromSeconds(3),
    };

    public async ValueTask InitializeAsync()
    {
        TestCertificates.Write(_folder.Path);
        TestCertificates.WriteStranger(_folder.Path);
        _server = await DevServer.StartAsync(new DevServerOptions
        {
            Port = 0, Certificate = _folder.File("server.pem"), CertificateKey = _folder.File("server.key"), ClientAuthority = _folder.File("ca.pem"), ApiKey = Key,
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task CSharpClient_TypeScriptWorker_OverMutualTls()
    {
        await using var peer = NodePeer.Start("peer.js", Environment, _server.Address, "secure", "10");
        Assert.Equal("ready", await peer.LineAsync());
        await using var client = await TemporalClient.ConnectAsync(Options, TestContext.Current.CancellationToken);
        var handle = await client.StartWorkflowAsync("echo", Arguments.Of("ünïcode", 7), new StartWorkflowOptions { Id = "secure-echo", TaskQueue = "secure" }, TestContext.Current.CancellationToken);
        Assert.Equal("""["ünïcode",7]""", (await handle.ResultAsync<JsonElement>(TestContext.Current.CancellationToken)).GetRawText());
    }

    [Fact]
    public async Task TypeScriptClient_CSharpWorker_OverMutualTls()
    {
        await using var client = await TemporalClient.ConnectAsync(Options, TestContext.Current.CancellationToken);
        var worker = new WorkflowWorker(client, new WorkerOptions { TaskQueue = "secure-cs", GracefulShutdown = TimeSpan.FromMilliseconds(200) })
            .Add("counter", new CounterDecider()).Add("failing", new FailingDecider()).Add("waits", new WaitingDecider()).Add("double", new DoubleDecider());
        using var stop = new CancellationTokenSource();
        var running = worker.RunAsync(stop.Token);
        await using (var peer = NodePeer.Start("client.js", Environment, _server.Address, "secure-cs"))
        {
            var seen = JsonDocument.Parse(await peer.LineAsync()).RootElement;
            Assert.Equal((17, "CancelledFailure"), (seen.GetProperty("update").GetInt32(), seen.GetProperty("cancelled").GetProperty("name").GetString()));
        }
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Callers_WithoutTheRightCertificateOrKey_AreRefused()
    {
        var wrongKey = await Assert.ThrowsAsync<GrpcException>(() => TemporalClient.ConnectAsync(Options with { ApiKey = "another" }));
        Assert.Equal(GrpcCode.Unauthenticated, wrongKey.Code);
        await Assert.ThrowsAsync<TimeoutException>(() => TemporalClient.ConnectAsync(Options with { TlsClientCertificateFile = null, TlsClientKeyFile = null }));
        await Assert.ThrowsAsync<TimeoutException>(() => TemporalClient.ConnectAsync(Options with { TlsClientCertificateFile = _folder.File("stranger.pem"), TlsClientKeyFile = _folder.File("stranger.key") }));
    }

    [Fact]
    public async Task Server_ClientAuthorityWithoutTls_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<DevServerException>(() => DevServer.StartAsync(new DevServerOptions { Port = 0, ClientAuthority = _folder.File("ca.pem") }));
        Assert.Equal("--tls-client-ca needs --tls-cert and --tls-key: without TLS no certificate is asked for.", refused.Message);
    }
}
