namespace FlowForge.Temporal.Protocol;

/// <summary>TLS of a client connection. All paths are PEM files; a null path means the system's default.</summary>
public sealed record GrpcTlsOptions
{
    /// <summary>The name that the server's certificate must carry; null means the host of the address.</summary>
    public string? ServerName { get; init; }

    /// <summary>The only certificate authorities to trust, one or more PEM blocks; null trusts the machine's own.</summary>
    public string? RootCertificatesFile { get; init; }

    /// <summary>The client's certificate for mTLS, with its intermediates after it.</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary>The private key of <see cref="ClientCertificateFile"/>, unencrypted PKCS#8, PKCS#1 or SEC1.</summary>
    public string? ClientKeyFile { get; init; }
}
