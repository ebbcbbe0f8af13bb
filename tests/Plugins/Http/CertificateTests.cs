using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FlowForge.Plugins.AzureBlob;
using FlowForge.Plugins.Http;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests.Http;

/// <summary>What ends by itself one day is told before: the certificate of a server, and a shared access signature.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task HealthAsync_CertificateThatNobodyTrusts_StillTellsWhenItEnds()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(12));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync();
        using var connector = new HttpConnector(_fixture.Context(new HttpSpec { BaseUrl = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"), Url = [] }));
        var fact = Assert.Single(await connector.HealthAsync(Stop));
        Assert.Equal(("certificate ends in", "days"), (fact.Name, fact.Unit));
        Assert.InRange(fact.Value, 11.9, 12);
        await serving;
        // Asked again within the hour it is known: nobody listens any more.
        listener.Stop();
        Assert.Equal(fact, Assert.Single(await connector.HealthAsync(Stop)));

        async Task ServeAsync()
        {
            using var client = await listener.AcceptTcpClientAsync(Stop);
            await using var stream = new SslStream(client.GetStream());
            try
            {
                await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, Stop);
                await stream.CopyToAsync(Stream.Null, Stop);
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The other side does not trust it.
            }
        }
    }

    [Fact]
    public async Task HealthAsync_WithoutTls_TellsNothing()
    {
        using var plain = new HttpConnector(_fixture.Context(new HttpSpec { BaseUrl = new Uri("http://127.0.0.1:1/"), Url = [] }));
        Assert.Empty(await plain.HealthAsync(Stop));
        using var away = new HttpConnector(_fixture.Context(new HttpSpec { BaseUrl = new Uri("https://127.0.0.1:1/"), Url = [] }));
        Assert.Empty(await away.HealthAsync(Stop));
    }

    [Fact]
    public async Task HealthAsync_SharedAccessSignature_TellsItsEnd()
    {
        var ends = Uri.EscapeDataString(DateTimeOffset.UtcNow.AddDays(3).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        AzureBlobConnector Open(string sas) => new(_fixture.Context(new AzureBlobSpec { Endpoint = new Uri("http://127.0.0.1:1/"), Account = "acc", Container = "c", SasToken = new Secret(sas), Path = [] }));
        using var connector = Open($"?sv=2021-08-06&se={ends}&sig=x");
        var fact = Assert.Single(await connector.HealthAsync(Stop));
        Assert.Equal(("shared access signature ends in", "days"), (fact.Name, fact.Unit));
        Assert.InRange(fact.Value, 2.9, 3);
        using var named = Open("sv=2021-08-06&si=policy&sig=x");
        Assert.Empty(await named.HealthAsync(Stop));
    }
}
