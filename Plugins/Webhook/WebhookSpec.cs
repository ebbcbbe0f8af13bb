namespace FlowForge.Plugins.Webhook;

/// <summary>How a signature is written.</summary>
public enum SignatureForm { Hex, Base64 }

/// <summary>What the webhook connector, and the endpoint that takes the posts, are told.</summary>
public sealed record WebhookSpec
{
    [Setting("Name of the hook: posts go to /hooks/NAME of the runtime", Scope = SettingScope.Connection, Pattern = "[a-z0-9][a-z0-9_-]{0,63}", Example = "shop-orders")]
    public required string Hook { get; init; }

    [Setting("Token that posts must carry, as Authorization: Bearer TOKEN or X-Hook-Token: TOKEN", Scope = SettingScope.Connection)]
    public Secret Token { get; init; }

    [Setting("Key of the HMAC-SHA-256 that posts must carry over their body", Scope = SettingScope.Connection)]
    public Secret HmacSecret { get; init; }

    [Setting("Header with the signature", Scope = SettingScope.Connection)]
    public string SignatureHeader { get; init; } = "X-Hub-Signature-256";

    [Setting("How the signature is written: hex, base64; a prefix such as sha256= is passed over", Scope = SettingScope.Connection)]
    public SignatureForm SignatureForm { get; init; }

    [Setting("Header with the time of the post, in seconds since 1970. With it the signature is over TIME.BODY, and posts older than replay_window are refused", Scope = SettingScope.Connection, Example = "X-Timestamp")]
    public string? TimestampHeader { get; init; }

    [Setting("How old a signed post may be", Scope = SettingScope.Connection)]
    public TimeSpan ReplayWindow { get; init; } = TimeSpan.FromMinutes(5);

    [Setting("Header by which a sender says that a post is the same as an earlier one; the second is answered and not kept", Scope = SettingScope.Connection)]
    public string IdempotencyHeader { get; init; } = "Idempotency-Key";

    [Setting("Largest body of a post, in KiB", Scope = SettingScope.Connection, Minimum = 1, Maximum = 65536)]
    public int LargestKib { get; init; } = 1024;

    [Setting("Posts that are taken in a minute; more are asked to come later", Scope = SettingScope.Connection, Minimum = 1, Maximum = 1_000_000)]
    public int PostsPerMinute { get; init; } = 6000;

    [Setting("Most megabytes of posts that are kept; then no more are taken", Scope = SettingScope.Connection, Minimum = 1, Maximum = 1_000_000)]
    public int MostMegabytes { get; init; } = 1024;

    [Setting("Days that posts are kept after they were read", Minimum = 0, Maximum = 3650)]
    public int KeepDays { get; init; } = 7;
}
