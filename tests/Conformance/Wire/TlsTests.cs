using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FlowForge.Conformance.Tests.Support;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>TLS and the API key.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task Server_WithTlsAndKey_AnswersOnlyThoseWhoHaveIt()
    {
        using var folder = new TemporaryFolder();
        using var key = RSA.Create(2048);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) { CertificateExtensions = { names.Build() } };
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(folder.File("cert.pem"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("key.pem"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await using var server = await DevServer.StartAsync(
            new DevServerOptions { Port = 0, Certificate = folder.File("cert.pem"), CertificateKey = folder.File("key.pem"), ApiKey = "secret" },
            TestContext.Current.CancellationToken);

        async Task<GrpcCode> CallAsync(string? apiKey)
        {
            using var transport = new GrpcTransport(new GrpcTransportOptions
            {
                Address = server.Address,
                Metadata = apiKey is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["authorization"] = $"Bearer {apiKey}" },
                Tls = new GrpcTlsOptions { RootCertificatesFile = folder.File("cert.pem") },
            });
            try
            {
                await transport.CallAsync("temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace", new DescribeNamespaceRequest { Namespace = "default" },
                    DescribeNamespaceResponse.Parser, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
                return GrpcCode.Ok;
            }
            catch (GrpcException e)
            {
                return e.Code;
            }
        }

        Assert.Equal(GrpcCode.Ok, await CallAsync("secret"));
        Assert.Equal(GrpcCode.Unauthenticated, await CallAsync("wrong"));
        Assert.Equal(GrpcCode.Unauthenticated, await CallAsync(null));
    }
}
