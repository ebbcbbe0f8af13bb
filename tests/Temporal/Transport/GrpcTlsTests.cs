using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FlowForge.Temporal.Protocol;
using FlowForge.Temporal.Worker;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Tests;

/// <summary>TLS with an authority of its own, mTLS and the API key, against Kestrel.</summary>
public sealed class GrpcTlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flowforge-tls-").FullName;
    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _server;

    public GrpcTlsTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _server = Issue("temporal.test", "server");
        Issue("worker", "client").Dispose();
        File.WriteAllText(PathOf("ca.pem"), _authority.ExportCertificatePem());
    }

    [Fact]
    public async Task ConnectAsync_MutualTlsAndApiKey_BothArrive()
    {
        string? subject = null, key = null;
        await using var server = await StartAsync(c => (subject, key) = c);

        await using var client = await TemporalClient.ConnectAsync(Options(server) with
        {
            ApiKey = "secret",
            TlsClientCertificateFile = PathOf("client.pem"),
            TlsClientKeyFile = PathOf("client.key"),
        });

        Assert.Equal("CN=worker", subject);
        Assert.Equal("Bearer secret", key);
    }

    [Fact]
    public async Task ConnectAsync_UnknownAuthority_FailsAndSaysWhy()
    {
        await using var server = await StartAsync(_ => { });

        var error = await Assert.ThrowsAsync<GrpcException>(() => TemporalClient.ConnectAsync(Options(server) with { TlsRootCertificatesFile = null, Tls = true }));

        Assert.Equal(GrpcCode.Unauthenticated, error.Code);
        Assert.StartsWith($"temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo at {server.Address}: TLS failed: The remote certificate is invalid", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_OtherName_FailsAndSaysWhy()
    {
        await using var server = await StartAsync(_ => { });

        var error = await Assert.ThrowsAsync<GrpcException>(() => TemporalClient.ConnectAsync(Options(server) with { TlsServerName = "other.test" }));

        Assert.Equal(GrpcCode.Unauthenticated, error.Code);
        Assert.Contains("RemoteCertificateNameMismatch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_KeyInPlainText_IsRefused()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TemporalClient.ConnectAsync(new TemporalOptions { ApiKey = "secret", Tls = false }));

        Assert.Equal("Temporal:ApiKey is set but Temporal:Tls is false: the key would travel in plain text. Remove one of them.", error.Message);
    }

    [Fact]
    public void Constructor_HalfAPair_IsRefused()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new GrpcTransport(new GrpcTransportOptions
        {
            Address = "127.0.0.1:1",
            Tls = new GrpcTlsOptions { ClientCertificateFile = PathOf("client.pem") },
        }));

        Assert.Equal("mTLS needs both the client's certificate file and its key file; only one of them is set.", error.Message);
    }

    [Fact]
    public void Constructor_NoCertificateInFile_NamesTheFile()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new GrpcTransport(new GrpcTransportOptions
        {
            Address = "127.0.0.1:1",
            Tls = new GrpcTlsOptions { RootCertificatesFile = PathOf("client.key") },
        }));

        Assert.Equal($"The root certificates file '{PathOf("client.key")}' holds no PEM certificate.", error.Message);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private TemporalOptions Options(GrpcTestServer server) =>
        new() { Address = server.Address, TlsServerName = "temporal.test", TlsRootCertificatesFile = PathOf("ca.pem") };

    private Task<GrpcTestServer> StartAsync(Action<(string? Subject, string? Key)> seen) => GrpcTestServer.StartAsync(
        async http =>
        {
            seen((http.Connection.ClientCertificate?.Subject, http.Request.Headers.Authorization.ToString()));
            await GrpcTestServer.AnswerAsync(http, new GetSystemInfoResponse());
        },
        listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = _server;
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        }));

    private X509Certificate2 Issue(string name, string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(PathOf(file + ".pem"), issued.ExportCertificatePem());
        File.WriteAllText(PathOf(file + ".key"), key.ExportPkcs8PrivateKeyPem());
        using var pair = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}
