using System.Globalization;

namespace FlowForge.Plugins.Postgres;

/// <summary>
/// How long the certificate lasts that a server shows. The driver lets nobody look on where it checks one (<c>verify_ca</c>, <c>verify_full</c>): the server is asked for encryption beside it, without a login.
/// </summary>
internal static class ServerCertificates
{
    /// <summary>A message of eight bytes, code 80877103: may this be encrypted?</summary>
    private static readonly byte[] AskEncryption = [0, 0, 0, 8, 4, 210, 22, 47];

    /// <summary>The fact of the server, of several the one that ends first; none where nothing is encrypted.</summary>
    public static async Task<IReadOnlyList<HealthFact>> FactsAsync(PostgresServerSpec spec, CancellationToken cancellationToken)
    {
        if (spec.SslMode == SslUse.Disable) return [];
        var facts = await Task.WhenAll(Places(spec).Select(p => Certificates.FactAsync(p.Host, p.Port, AskAsync, cancellationToken))).ConfigureAwait(false);
        return [.. facts.OfType<HealthFact>().OrderBy(f => f.Value).Take(1)];
    }

    /// <summary>The servers that <c>host</c> names, as the driver takes it apart: NAME, NAME:PORT and [IPv6]:PORT, with commas between them. Sockets of the machine itself have no certificate.</summary>
    private static IEnumerable<(string Host, int Port)> Places(PostgresServerSpec spec)
    {
        foreach (var place in spec.Host.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (Path.IsPathRooted(place)) continue;
            var colon = place.LastIndexOf(':');
            var itsOwn = colon > 0 && (place.IndexOf(':', StringComparison.Ordinal) == colon || place[colon - 1] == ']') && int.TryParse(place.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : (int?)null;
            yield return ((itsOwn is null ? place : place[..colon]).Trim('[', ']'), itsOwn ?? spec.Port);
        }
    }

    private static async ValueTask<bool> AskAsync(Stream line, CancellationToken cancellationToken)
    {
        await line.WriteAsync(AskEncryption, cancellationToken).ConfigureAwait(false);
        // One byte and no more: what else came in the clear would be no part of the handshake.
        var answer = new byte[1];
        await line.ReadExactlyAsync(answer, cancellationToken).ConfigureAwait(false);
        return answer[0] == (byte)'S';
    }
}
