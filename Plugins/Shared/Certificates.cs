using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace FlowForge.Plugins;

/// <summary>How long the certificate lasts that a server of https shows: a health fact. Each server is looked at once an hour, by a handshake after which nothing is sent.</summary>
internal static class Certificates
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Kept = TimeSpan.FromHours(1);
    private static readonly ConcurrentDictionary<string, (DateTimeOffset Looked, DateTimeOffset? Ends)> Known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null for addresses without a certificate, and while the server cannot be reached: a test of the connection says that.</summary>
    public static async Task<HealthFact?> FactAsync(Uri? address, CancellationToken cancellationToken)
    {
        if (address is not { IsAbsoluteUri: true, Scheme: "https" }) return null;
        var now = DateTimeOffset.UtcNow;
        if (!Known.TryGetValue(address.Authority, out var known) || now - known.Looked > Kept)
            Known[address.Authority] = known = (now, await EndsAsync(address, cancellationToken).ConfigureAwait(false));
        return known.Ends is { } ends ? new HealthFact("certificate ends in", Math.Round((ends - now).TotalDays, 1), "days") : null;
    }

    private static async Task<DateTimeOffset?> EndsAsync(Uri address, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        DateTimeOffset? ends = null;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.Host, address.Port, patience.Token).ConfigureAwait(false);
            var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, errors) =>
            {
                ends = (certificate as X509Certificate2)?.NotAfter;
                return errors == SslPolicyErrors.None;
            });
            await using var _ = stream.ConfigureAwait(false);
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address.IdnHost }, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // What it showed counts, also when it is refused: one that has ended must be told of, too.
        }
        return ends;
    }
}
