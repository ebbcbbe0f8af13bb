using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FlowForge.Plugins.Rest.Http;

/// <summary>The Authorization header of OAuth 1.0 (RFC 5849), as token-based authentication of ERP systems asks for it.</summary>
internal static class OAuth1
{
    public static string Header(AuthSpec spec, string method, Uri address, string consumer) =>
        Header(spec, method, address, consumer, RandomNumberGenerator.GetHexString(32, lowercase: true), DateTimeOffset.UtcNow.ToUnixTimeSeconds());

    /// <param name="nonce">Never used twice with one time.</param>
    /// <param name="time">Seconds since 1970.</param>
    public static string Header(AuthSpec spec, string method, Uri address, string consumer, string nonce, long time)
    {
        var parameters = new List<(string Name, string Value)>
        {
            ("oauth_consumer_key", consumer), ("oauth_nonce", nonce), ("oauth_signature_method", spec.Signature == SignatureKind.HmacSha1 ? "HMAC-SHA1" : "HMAC-SHA256"),
            ("oauth_timestamp", time.ToString(CultureInfo.InvariantCulture)), ("oauth_version", "1.0"),
        };
        if (!spec.Token.IsEmpty) parameters.Add(("oauth_token", spec.Token.Reveal()));
        var all = parameters.Concat(Address.Query(address)).Select(p => (Name: Escape(p.Name), Value: Escape(p.Value))).OrderBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Value, StringComparer.Ordinal);
        var text = $"{method}&{Escape(address.GetLeftPart(UriPartial.Path))}&{Escape(string.Join('&', all.Select(p => $"{p.Name}={p.Value}")))}";
        var key = Encoding.UTF8.GetBytes($"{Escape(spec.ClientSecret.Reveal())}&{Escape(spec.TokenSecret.Reveal())}");
        // SHA-1 is what older servers ask for by name; HMAC with it is not broken.
#pragma warning disable CA5350
        var signature = Convert.ToBase64String(spec.Signature == SignatureKind.HmacSha1 ? HMACSHA1.HashData(key, Encoding.UTF8.GetBytes(text)) : HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350
        parameters.Add(("oauth_signature", signature));
        var realm = spec.Realm is { } given ? [("realm", given)] : Array.Empty<(string, string)>();
        return "OAuth " + string.Join(", ", realm.Concat(parameters).Select(p => $"{Escape(p.Item1)}=\"{Escape(p.Item2)}\""));
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);
}

/// <summary>Queries of addresses.</summary>
internal static class Address
{
    public static Uri With(Uri address, string name, string value)
    {
        var kept = Query(address).Where(p => p.Name != name).Append((Name: name, Value: value));
        return new UriBuilder(address) { Query = string.Join('&', kept.Select(p => $"{Uri.EscapeDataString(p.Name)}={Uri.EscapeDataString(p.Value)}")) }.Uri;
    }

    public static IEnumerable<(string Name, string Value)> Query(Uri address) =>
        address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).Select(p => (Text(p[0]), p.Length > 1 ? Text(p[1]) : ""));

    private static string Text(string escaped) => Uri.UnescapeDataString(escaped.Replace('+', ' '));
}
