using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FlowForge.Conformance.Tests.Support;

/// <summary>An authority made for a test, and certificates by it, as PEM files: <c>ca.pem</c>, <c>server.pem</c>, <c>client.pem</c> and their keys.</summary>
internal static class TestCertificates
{
    public static void Write(string folder)
    {
        using var key = RSA.Create(2048);
        var request = Request("CN=test authority", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        File.WriteAllText(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        Issue(folder, "server", authority, names.Build(), "1.3.6.1.5.5.7.3.1");
        Issue(folder, "client", authority, null, "1.3.6.1.5.5.7.3.2");
    }

    /// <summary>A certificate of nobody's authority, for callers that are to be refused.</summary>
    public static void WriteStranger(string folder)
    {
        using var key = RSA.Create(2048);
        using var certificate = Request("CN=stranger", key).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "stranger.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "stranger.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static void Issue(string folder, string name, X509Certificate2 authority, X509Extension? names, string usage)
    {
        using var key = RSA.Create(2048);
        var request = Request($"CN={name}", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, name + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, name + ".key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static CertificateRequest Request(string subject, RSA key) => new(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
}
