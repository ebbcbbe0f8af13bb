using System.Text;

namespace FlowForge.PluginHost;

/// <summary><c>${secret:name}</c> and <c>${env:NAME}</c> inside setting texts.</summary>
public static class SecretReferences
{
    /// <param name="text">The text as written.</param>
    /// <param name="secrets">Answers <c>secret:name</c> and <c>env:NAME</c>, null when unknown.</param>
    /// <param name="resolved">The text with all references replaced.</param>
    /// <param name="missing">The first reference that is unknown.</param>
    public static bool TryResolve(string text, Func<string, string?> secrets, out string resolved, out string? missing)
    {
        (resolved, missing) = (text, null);
        if (!text.Contains("${", StringComparison.Ordinal)) return true;
        var result = new StringBuilder();
        var at = 0;
        while (text.IndexOf("${", at, StringComparison.Ordinal) is >= 0 and var start && text.IndexOf('}', start) is >= 0 and var end)
        {
            var name = text[(start + 2)..end];
            result.Append(text, at, start - at);
            if (name.StartsWith("secret:", StringComparison.Ordinal) || name.StartsWith("env:", StringComparison.Ordinal))
            {
                if (secrets(name) is not { } value)
                {
                    missing = name;
                    return false;
                }
                result.Append(value);
            }
            else
            {
                result.Append(text, start, end + 1 - start);
            }
            at = end + 1;
        }
        resolved = result.Append(text, at, text.Length - at).ToString();
        return true;
    }

    /// <summary>Answers both kinds: environment variables of this process but for FlowForge's own, and stored secrets by <paramref name="stored"/>.</summary>
    public static Func<string, string?> Resolver(Func<string, string?> stored) =>
        name => !name.StartsWith("env:", StringComparison.Ordinal) ? stored(name["secret:".Length..]) : IsOwn(name) ? null : Environment.GetEnvironmentVariable(name[4..]);

    /// <summary>FlowForge's own variables hold keys and tokens of its own: who writes pipelines must not read them.</summary>
    public static bool IsOwn(string reference) => Own.Any(own => reference.StartsWith("env:" + own, StringComparison.OrdinalIgnoreCase));

    private static readonly string[] Own = ["FLOWFORGE", "TEMPORAL", "OTEL_EXPORTER", "ASPNETCORE_", "ConnectionStrings__", "Lake__"];

    /// <summary>Whether the text is one reference and nothing else: it may be shown.</summary>
    public static bool IsReference(string text) => NamesIn(text).ToList() is [var only] && text.Length == only.Length + 3;

    /// <summary>Whether nothing in the text is a secret itself: one reference, perhaps behind the name of a scheme, as headers want it (<c>Bearer ${secret:token}</c>).</summary>
    public static bool IsReadable(string text) => IsReference(text)
        || (text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var blank && Schemes.Contains(text[..blank], StringComparer.OrdinalIgnoreCase) && IsReference(text[(blank + 1)..]));

    private static readonly string[] Schemes = ["Bearer", "Basic", "Token", "ApiKey", "Api-Key", "Key", "Digest", "OAuth", "SSWS"];

    /// <summary>The references in a text: <c>secret:name</c>, <c>env:NAME</c>.</summary>
    public static IEnumerable<string> NamesIn(string text)
    {
        for (var at = text.IndexOf("${", StringComparison.Ordinal); at >= 0; at = text.IndexOf("${", at + 2, StringComparison.Ordinal))
        {
            if (text.IndexOf('}', at) is not (>= 0 and var end)) yield break;
            var name = text[(at + 2)..end];
            if (name.StartsWith("secret:", StringComparison.Ordinal) || name.StartsWith("env:", StringComparison.Ordinal)) yield return name;
        }
    }
}
