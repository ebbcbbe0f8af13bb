namespace FlowForge.Temporal.DevServer;

/// <summary>How an embedded Temporal server runs.</summary>
public sealed record DevServerOptions
{
    /// <summary>The address to bind. Anything but a loopback address needs <see cref="Certificate"/> and <see cref="ApiKey"/>.</summary>
    public string Ip { get; init; } = "127.0.0.1";

    /// <summary>The gRPC port (HTTP/2); 0 takes a free one.</summary>
    public int Port { get; init; } = 7233;

    /// <summary>A second port for plain HTTP: <c>/health</c> and <c>/metrics</c>. Null for none, 0 for a free one.</summary>
    public int? HttpPort { get; init; }

    /// <summary>The database file; null keeps everything in memory, so that nothing survives.</summary>
    public string? DbFile { get; init; }

    /// <summary>Namespaces to make when they do not exist.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = ["default"];

    /// <summary>Custom search attributes to add to those namespaces.</summary>
    public IReadOnlyDictionary<string, IndexedValueType> SearchAttributes { get; init; } = new Dictionary<string, IndexedValueType>();

    /// <summary>The server's clock; replace it in tests of time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>PEM file of the server's certificate chain; with <see cref="CertificateKey"/> the port speaks TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file of the certificate's private key.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>PEM file of the authorities whose client certificates are taken (mTLS); null asks for none.</summary>
    public string? ClientAuthority { get; init; }

    /// <summary>When set, every call but health needs <c>authorization: Bearer …</c> with this key.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Where the server writes its own lines; null for nowhere.</summary>
    public TextWriter? Log { get; init; }

    /// <summary>One line per call into <see cref="Log"/>.</summary>
    public bool AccessLog { get; init; }
}
