using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FlowForge.Temporal.Protocol;

/// <summary>Turns <see cref="GrpcTlsOptions"/> into what the HTTP handler wants. Files are read once, at construction.</summary>
internal static class GrpcTls
{
    /// <exception cref="InvalidOperationException">A file is missing, unreadable or only half of the client's pair is named.</exception>
    public static SslClientAuthenticationOptions Create(GrpcTlsOptions tls, string host)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = tls.ServerName ?? host,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        };
        if (tls.RootCertificatesFile is { } roots)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(Load(roots, "root certificates"));
            options.CertificateChainPolicy = policy;
        }
        if (tls.ClientCertificateFile is null != tls.ClientKeyFile is null)
        {
            throw new InvalidOperationException("mTLS needs both the client's certificate file and its key file; only one of them is set.");
        }
        if (tls.ClientCertificateFile is { } certificate)
        {
            options.ClientCertificateContext = SslStreamCertificateContext.Create(
                Pair(certificate, tls.ClientKeyFile!), Load(certificate, "client certificate"), offline: true);
        }
        return options;
    }

    private static X509Certificate2 Pair(string certificate, string key)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPemFile(certificate, key);
            // Windows cannot use a key that lives only in memory; a round trip through PKCS#12 gives it a home.
            return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), password: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new InvalidOperationException($"The client certificate '{certificate}' with key '{key}' cannot be used: {e.Message}", e);
        }
    }

    private static X509Certificate2Collection Load(string file, string what)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new InvalidOperationException($"The {what} file '{file}' cannot be read: {e.Message}", e);
        }
        return certificates.Count > 0
            ? certificates
            : throw new InvalidOperationException($"The {what} file '{file}' holds no PEM certificate.");
    }
}
