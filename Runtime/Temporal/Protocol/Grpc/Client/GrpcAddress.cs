namespace FlowForge.Temporal.Protocol;

/// <summary><c>host:port</c> as a base address.</summary>
internal static class GrpcAddress
{
    /// <exception cref="ArgumentException">The text is no <c>host:port</c>.</exception>
    public static Uri Parse(string address, bool tls)
    {
        if (address.Contains("://", StringComparison.Ordinal)
            || !Uri.TryCreate($"{(tls ? "https" : "http")}://{address}/", UriKind.Absolute, out var uri)
            || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || !HasPort(address))
        {
            throw new ArgumentException(
                $"'{address}' is not a Temporal address. Write host:port without a scheme, for example 127.0.0.1:7233 or name.account.tmprl.cloud:7233.",
                nameof(address));
        }
        return uri;
    }

    private static bool HasPort(string address)
    {
        var colon = address.LastIndexOf(':');
        return colon > address.LastIndexOf(']') && ushort.TryParse(address.AsSpan(colon + 1), out var port) && port > 0;
    }
}
