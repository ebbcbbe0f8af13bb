using System.Text.Json.Nodes;
using FlowForge.PluginHost;

namespace FlowForge.Api.Hooks;

/// <summary>The settings of a connection of the connector webhook that the endpoint needs; defaults as its spec has them.</summary>
internal sealed record HookSettings(
    string Connection, string Hook, string Token, string HmacSecret, string SignatureHeader, bool IsBase64, string? TimestampHeader, TimeSpan ReplayWindow, string IdempotencyHeader, long LargestBytes, int PostsPerMinute, long MostBytes)
{
    /// <summary>How long a signed post may come again: its time may lie as far ahead as behind.</summary>
    public TimeSpan SignaturesFor => TimeSpan.FromDays(Math.Min(2 * ReplayWindow.TotalDays, 3650));

    public bool IsProtected => Token.Length > 0 || HmacSecret.Length > 0;

    /// <summary>Null when the connection names no hook, or a secret of it is not there.</summary>
    public static HookSettings? Of(string connection, JsonObject settings, Func<string, string?> secrets)
    {
        string? Text(string name) => settings[name] is JsonValue value && value.ToString() is { Length: > 0 } text ? SecretReferences.TryResolve(text, SecretReferences.Resolver(secrets), out var resolved, out _) ? resolved : "\0" : null;
        long Number(string name, long otherwise) => long.TryParse(Text(name), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : otherwise;
        var hook = Text("hook");
        if (hook is null || Text("token") == "\0" || Text("hmac_secret") == "\0") return null;
        return new HookSettings(connection, hook, Text("token") ?? "", Text("hmac_secret") ?? "", Text("signature_header") ?? "X-Hub-Signature-256", Text("signature_form") == "base64", Text("timestamp_header"),
            Window(Text("replay_window")), Text("idempotency_header") ?? "Idempotency-Key", Number("largest_kib", 1024) << 10, (int)Number("posts_per_minute", 6000), Number("most_megabytes", 1024) << 20);
    }

    private static TimeSpan Window(string? text) =>
        text is null ? TimeSpan.FromMinutes(5) : SettingText.Duration(text) ?? TimeSpan.FromMinutes(5);
}
