using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowForge.Workbench.Live;

namespace FlowForge.Workbench.Login;

/// <summary>
/// The browser's proof that it once knew the token: an expiry signed with a key derived from the token. Nothing is stored, so a restart
/// keeps sessions and a new token ends them all. Thread-safe.
/// </summary>
internal sealed class SessionCookie(RuntimeToken token, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Ports share cookies, so that two environments on one machine need two names.</summary>
    public static string NameFor(HttpContext context) => $"flowforge-{context.Connection.LocalPort}";

    /// <summary>True when <paramref name="offered"/> is the environment's token.</summary>
    public bool IsToken(string? offered) =>
        !string.IsNullOrWhiteSpace(offered) && token.Read() is { } known
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(offered.Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(known)));

    public void Set(HttpContext context)
    {
        var expires = time.GetUtcNow() + Lifetime;
        var stamp = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        if (Sign(stamp) is not { } signature)
            return;
        context.Response.Cookies.Append(NameFor(context), $"{stamp}.{signature}", new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/", Expires = expires, IsEssential = true,
        });
    }

    public static void Clear(HttpContext context) => context.Response.Cookies.Delete(NameFor(context), new CookieOptions { Path = "/" });

    /// <summary>True for an unexpired cookie signed with the present token.</summary>
    public bool IsValid(HttpContext context)
    {
        if (context.Request.Cookies[NameFor(context)]?.Split('.') is not [var stamp, var signature]
            || !long.TryParse(stamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Sign(stamp) is not { } expected)
            return false;
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(signature), Encoding.ASCII.GetBytes(expected))
               && time.GetUtcNow().ToUnixTimeSeconds() < seconds;
    }

    private string? Sign(string stamp) => token.Read() is { } secret
        ? Convert.ToHexStringLower(HMACSHA256.HashData(SHA256.HashData(Encoding.UTF8.GetBytes("workbench session:" + secret)), Encoding.ASCII.GetBytes(stamp)))
        : null;
}
