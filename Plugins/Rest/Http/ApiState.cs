using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace FlowForge.Plugins.Rest.Http;

/// <summary>
/// What is known of an API with certain credentials, kept for all uses of them in this process: jobs that run side by side share one OAuth 2 token,
/// and what the last answer told of limits can be shown after the job has ended. Thread-safe.
/// </summary>
internal sealed class ApiState
{
    private const int MostKept = 1000;
    private static readonly ConcurrentDictionary<string, ApiState> Kept = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long? _left;
    private DateTimeOffset _usedAt = DateTimeOffset.UtcNow;

    /// <summary>Who asks for a token holds it.</summary>
    public SemaphoreSlim Gate { get; } = new(1);
    /// <summary>The access token and the moment at which it ends; guarded by <see cref="Gate"/>.</summary>
    public string? Token { get; set; }
    public DateTimeOffset Ends { get; set; }
    /// <summary>The access token that the server took no more.</summary>
    public string? Refused { get; set; }
    /// <summary>What could not be stored; guarded by <see cref="Gate"/>.</summary>
    public RenewedTokens? Unkept { get; set; }

    public static ApiState Of(ApiSpec spec, Uri origin) => Kept.GetOrAdd(Key(spec, origin), static _ =>
    {
        foreach (var (key, _) in Kept.Count < MostKept ? [] : Kept.OrderBy(k => k.Value._usedAt).Take(MostKept / 2)) Kept.TryRemove(key, out ApiState? _);
        return new ApiState();
    });

    /// <summary>So many requests are left, as the last answer said.</summary>
    public void Left(long requests)
    {
        lock (_lock) (_left, _usedAt) = (requests, DateTimeOffset.UtcNow);
    }

    public IEnumerable<HealthFact> Facts(DateTimeOffset now)
    {
        long? left;
        lock (_lock) left = _left;
        if (left is { } requests) yield return new HealthFact("requests left", requests, "at the last answer");
        if (Token is not null && Ends > now) yield return new HealthFact("access token ends in", Math.Round((Ends - now).TotalMinutes, 1), "min");
    }

    /// <summary>Credentials are kept as a hash; only the same ones find it.</summary>
    private static string Key(ApiSpec spec, Uri origin)
    {
        var auth = spec.Auth;
        string?[] parts = [.. spec.Headers.OrderBy(h => h.Key, StringComparer.Ordinal).SelectMany(h => new[] { h.Key, h.Value.Reveal() }), origin.AbsoluteUri, auth.Kind.ToString(), auth.TokenUrl?.AbsoluteUri, auth.ClientId, auth.ClientSecret.Reveal(), auth.Scope, auth.User, auth.Password.Reveal(), auth.Token.Reveal(), auth.TokenSecret.Reveal(), auth.RefreshToken.Reveal()];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts.Select(p => p is null ? "-" : Convert.ToBase64String(Encoding.UTF8.GetBytes(p)))))));
    }
}
