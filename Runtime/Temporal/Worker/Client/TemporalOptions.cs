using System.Text.Json;
using FlowForge.Temporal.Protocol;

namespace FlowForge.Temporal.Worker;

/// <summary>Which Temporal to use and how. The names are those of the settings under <c>Temporal:</c>.</summary>
public sealed record TemporalOptions
{
    /// <summary><c>host:port</c> of the frontend, without a scheme.</summary>
    public string Address { get; init; } = "127.0.0.1:7233";

    public string Namespace { get; init; } = "default";

    /// <summary>Sent as a bearer token. Needs TLS, which it switches on; see <see cref="Tls"/>.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Null means plain text, unless <see cref="ApiKey"/> or a file below is set: then TLS with the machine's own authorities.</summary>
    public bool? Tls { get; init; }

    /// <summary>The name in the server's certificate, where it is not the host of <see cref="Address"/>.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>PEM file with the only authorities to trust.</summary>
    public string? TlsRootCertificatesFile { get; init; }

    /// <summary>PEM file with the client's certificate (mTLS).</summary>
    public string? TlsClientCertificateFile { get; init; }

    /// <summary>PEM file with the key of <see cref="TlsClientCertificateFile"/>.</summary>
    public string? TlsClientKeyFile { get; init; }

    /// <summary>Compresses or encrypts payloads; each client and worker that shares workflows needs the same one.</summary>
    public IPayloadCodec? Codec { get; init; }

    /// <summary>How values become JSON; null means <see cref="PayloadConverter.DefaultJson"/>.</summary>
    public JsonSerializerOptions? Json { get; init; }

    /// <summary>Who this is, in histories; null means process id and host.</summary>
    public string? Identity { get; init; }

    /// <summary>How long <see cref="TemporalClient.ConnectAsync"/> waits for a server to answer.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>One try of one call (long polls aside).</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a call is tried again while the server is unreachable or overloaded. Calls carry request ids, so a repetition does nothing twice.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(30);

    internal GrpcTransportOptions ToTransport()
    {
        var files = TlsRootCertificatesFile ?? TlsClientCertificateFile ?? TlsClientKeyFile ?? TlsServerName;
        var metadata = new Dictionary<string, string>
        {
            // The names of official SDKs stand for features that a server may then expect.
            ["client-name"] = "flowforge",
            ["client-version"] = typeof(TemporalOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0",
            ["temporal-namespace"] = Namespace,
        };
        if (ApiKey is { Length: > 0 })
        {
            if (Tls == false)
            {
                throw new InvalidOperationException("Temporal:ApiKey is set but Temporal:Tls is false: the key would travel in plain text. Remove one of them.");
            }
            metadata["authorization"] = $"Bearer {ApiKey}";
        }
        return new GrpcTransportOptions
        {
            Address = Address,
            Metadata = metadata,
            Tls = Tls ?? (ApiKey is { Length: > 0 } || files is not null)
                ? new GrpcTlsOptions
                {
                    ServerName = TlsServerName,
                    RootCertificatesFile = TlsRootCertificatesFile,
                    ClientCertificateFile = TlsClientCertificateFile,
                    ClientKeyFile = TlsClientKeyFile,
                }
                : null,
        };
    }
}
