using System.Net;

namespace FlowForge.Api.Hosting;

/// <summary>The token travels in clear text, so the runtime listens on this machine alone unless somebody says that they know what they do.</summary>
internal static class LoopbackOnly
{
    private const string Permission = "FlowForge:AllowRemote";

    /// <summary>Throws when an address is not a loopback one.</summary>
    public static void Check(IConfiguration settings, IEnumerable<string> addresses)
    {
        if (settings[Permission] == "true")
            return;
        foreach (var address in addresses.Where(a => !IsLoopback(a)))
            throw new InvalidOperationException(
                $"The runtime would listen on {address}, where other machines can reach it; its token would travel unencrypted. " +
                $"Bind it to 127.0.0.1, or put it behind a TLS proxy and set {Permission}=true.");
    }

    /// <summary>Where Kestrel listens by these settings: its own endpoints before urls, urls before ports. The last ones are open to all machines.</summary>
    public static IEnumerable<string> Addresses(IConfiguration settings)
    {
        var endpoints = settings.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).OfType<string>().ToList();
        if (endpoints.Count > 0) return endpoints;
        if (settings["urls"] is { Length: > 0 } urls) return urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. Ports("http"), .. Ports("https")];

        IEnumerable<string> Ports(string scheme) =>
            (settings[scheme + "_ports"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(port => $"{scheme}://*:{port}");
    }

    private static bool IsLoopback(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
            return false;
        return uri.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
               || IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip);
    }
}
