using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace FlowForge.Temporal.DevServer.Hosting;

/// <summary>Where the server may listen.</summary>
internal static class ServerAddress
{
    /// <exception cref="DevServerException">The address is none, or is open to others without TLS and an API key.</exception>
    public static IPAddress Check(DevServerOptions options)
    {
        var text = options.Ip == "localhost" ? "127.0.0.1" : options.Ip;
        if (!IPAddress.TryParse(text, out var ip))
        {
            throw new DevServerException($"--ip {options.Ip} is not an IP address. Use 127.0.0.1, ::1, or the address of an interface.");
        }
        if (!IPAddress.IsLoopback(ip) && (options.Certificate is null || options.ApiKey is null))
        {
            throw new DevServerException(
                $"Refusing to listen on {options.Ip}: others could reach it. Beyond loopback the server needs --tls-cert, --tls-key and --api-key-file.");
        }
        if (options.Certificate is not null && options.CertificateKey is null)
        {
            throw new DevServerException("--tls-cert needs --tls-key, the certificate's private key as a PEM file.");
        }
        if (options.ClientAuthority is not null && options.Certificate is null)
        {
            throw new DevServerException("--tls-client-ca needs --tls-cert and --tls-key: without TLS no certificate is asked for.");
        }
        return ip;
    }

    public static bool IsTaken(Exception e) =>
        e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } || (e.InnerException is { } inner && IsTaken(inner))
        || e is Microsoft.AspNetCore.Connections.AddressInUseException;

    /// <summary>TLS as the options want it: with the server's certificate, and with the clients' when an authority for them is named.</summary>
    public static void UseTls(ListenOptions listen, DevServerOptions options) => listen.UseHttps(https =>
    {
        https.ServerCertificate = LoadCertificate(options);
        if (options.ClientAuthority is not { } file)
        {
            return;
        }
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        if (authorities.Count == 0)
        {
            throw new DevServerException($"--tls-client-ca {file} holds no certificate in PEM form.");
        }
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (certificate, _, _) => IsIssued(certificate, authorities);
    });

    /// <summary>By one of the authorities, for use as a client, and valid now. Private authorities have no revocation lists to ask.</summary>
    private static bool IsIssued(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.2"));
        return chain.Build(certificate);
    }

    private static X509Certificate2 LoadCertificate(DevServerOptions options)
    {
        using var pem = X509Certificate2.CreateFromPemFile(options.Certificate!, options.CertificateKey);
        // Kestrel needs a key that is not bound to this object's life.
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }
}
