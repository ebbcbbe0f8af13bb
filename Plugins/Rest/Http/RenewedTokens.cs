using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowForge.Plugins.Rest.Http;

/// <summary>What the use of a refresh token gave: the one to use next, and the access token with it, so that who comes next need not use it up.</summary>
/// <param name="Refresh">The refresh token to send next.</param>
/// <param name="Access">Null when none is known.</param>
/// <param name="Ends">The moment at which <paramref name="Access"/> ends.</param>
/// <param name="Purpose">Where, for whom and for what <paramref name="Access"/> was given: it is used for the same alone.</param>
internal sealed record RenewedTokens(string Refresh, string? Access, DateTimeOffset Ends, string? Purpose)
{
    /// <summary>Text that is no JSON is a refresh token: the connection's own.</summary>
    public static RenewedTokens Read(Secret kept)
    {
        var text = kept.Reveal();
        if (!text.StartsWith('{')) return new RenewedTokens(text, null, default, null);
        try
        {
            using var document = JsonDocument.Parse(text);
            var ends = DateTimeOffset.TryParse(Text("ends"), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var told) ? told : default;
            return Text("refresh_token") is { } refresh ? new RenewedTokens(refresh, Text("access_token"), ends, Text("for")) : new RenewedTokens(text, null, default, null);

            string? Text(string name) => document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (JsonException)
        {
            return new RenewedTokens(text, null, default, null);
        }
    }

    public Secret Write() => new(new JsonObject { ["refresh_token"] = Refresh, ["access_token"] = Access, ["ends"] = Ends.ToString("O", CultureInfo.InvariantCulture), ["for"] = Purpose }.ToJsonString());

    public override string ToString() => "***";
}
