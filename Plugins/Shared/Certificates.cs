using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace FlowForge.Plugins;

/// <summary>Says on the bare line what a protocol wants said before its handshake; false when the server offers no encryption.</summary>
internal delegate ValueTask<bool> AskForTls(Stream line, CancellationToken cancellationToken);

/// <summary>How long the certificate lasts that a server shows: a health fact. Each server is looked at once an hour, by a handshake after which nothing is sent.</summary>
internal static class Certificates
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Kept = TimeSpan.FromHours(1);
    private static readonly ConcurrentDictionary<string, (DateTimeOffset Looked, DateTimeOffset? Ends)> Known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null for addresses without a certificate, and while the server cannot be reached: a test of the connection says that.</summary>
    public static Task<HealthFact?> FactAsync(Uri? address, CancellationToken cancellationToken) =>
        address is { IsAbsoluteUri: true, Scheme: "https" } ? FactAsync(address.IdnHost, address.Port, null, cancellationToken) : Task.FromResult<HealthFact?>(null);

    /// <summary>Null where no certificate is shown, and while the server cannot be reached.</summary>
    /// <param name="ask">Null where the handshake comes first.</param>
    public static async Task<HealthFact?> FactAsync(string host, int port, AskForTls? ask, CancellationToken cancellationToken)
    {
        var (now, server) = (DateTimeOffset.UtcNow, $"{host}:{port}");
        if (!Known.TryGetValue(server, out var known) || now - known.Looked > Kept)
            Known[server] = known = (now, await EndsAsync(host, port, ask, cancellationToken).ConfigureAwait(false));
        return known.Ends is { } ends ? new HealthFact("certificate ends in", Math.Round((ends - now).TotalDays, 1), "days") : null;
    }

    private static async Task<DateTimeOffset?> EndsAsync(string host, int port, AskForTls? ask, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        DateTimeOffset? ends = null;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, patience.Token).ConfigureAwait(false);
            if (ask is not null && !await ask(client.GetStream(), patience.Token).ConfigureAwait(false)) return null;
            var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, errors) =>
            {
                ends = (certificate as X509Certificate2)?.NotAfter;
                return errors == SslPolicyErrors.None;
            });
            await using var _ = stream.ConfigureAwait(false);
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // What it showed counts, also when it is refused: one that has ended must be told of, too.
        }
        return ends;
    }
}
