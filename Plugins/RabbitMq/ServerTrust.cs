using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FlowForge.Plugins.RabbitMq;

/// <summary>Decides whether the server is the one that is meant, and remembers why not: the client library does not say.</summary>
internal sealed class ServerTrust
{
    private readonly X509Certificate2Collection? _authorities;
    private readonly string _host;

    /// <exception cref="TerminalException">The authority's file cannot be read.</exception>
    public ServerTrust(ConnectorContext<RabbitMqSpec> context)
    {
        _host = context.Settings.Host;
        if (context.Settings.CaCertificate is not { } path) return;
        var real = new Roots(context.AllowedRoots).Check(Path.GetFullPath(path, context.BaseDirectory));
        _authorities = [];
        try { _authorities.ImportFromPemFile(real); }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException) { throw new TerminalException($"{path} cannot be read as a certificate: {e.Message}", "Give a PEM file.", e); }
        if (_authorities.Count == 0) throw new TerminalException($"{path} holds no certificate.", "Give a PEM file.");
    }

    /// <summary>Why the server was refused last; null when it was not.</summary>
    public string? Refusal { get; private set; }

    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = certificate is null ? "the server shows no certificate"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"the server's certificate is not one of {_host}"
            : _authorities is null ? errors == SslPolicyErrors.None ? null : Unknown(chain)
            : OwnAuthorities(certificate, chain);
        return Refusal is null;
    }

    private string? OwnAuthorities(X509Certificate certificate, X509Chain? shown)
    {
        using var chain = new X509Chain { ChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities!);
        // What the server has sent beside its own leads to the authority.
        foreach (var element in shown?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        if (certificate is X509Certificate2 whole) return chain.Build(whole) ? null : Unknown(chain);
        using var copy = new X509Certificate2(certificate);
        return chain.Build(copy) ? null : Unknown(chain);
    }

    private static string Unknown(X509Chain? chain) =>
        $"no trusted authority vouches for the server's certificate ({string.Join(", ", chain?.ChainStatus.Select(s => s.Status).Distinct().Select(s => s.ToString()) ?? [])})";
}
