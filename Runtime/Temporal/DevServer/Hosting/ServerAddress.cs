using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

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
        return ip;
    }

    public static bool IsTaken(Exception e) =>
        e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } || (e.InnerException is { } inner && IsTaken(inner))
        || e is Microsoft.AspNetCore.Connections.AddressInUseException;

    public static X509Certificate2 LoadCertificate(DevServerOptions options)
    {
        using var pem = X509Certificate2.CreateFromPemFile(options.Certificate!, options.CertificateKey);
        // Kestrel needs a key that is not bound to this object's life.
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }
}
