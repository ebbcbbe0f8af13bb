using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FlowForge.PluginHost;

/// <summary>
/// Takes secrets out of texts that people or files will see. It knows every secret that this process has handed to a connector, and what connectors have got for them (access tokens), in the
/// forms in which systems repeat it: as it is, as part of an address, in JSON, in base64. What looks like a token is hidden too, whoever got it. Thread-safe.
/// </summary>
public static partial class SecretMask
{
    /// <summary>Shorter values are not looked for: they would turn half of every text into stars.</summary>
    public const int ShortestValue = 4;

    private const int MostForms = 20_000;
    private static readonly Lock Gate = new();
    // Tokens are new every hour: old ones are worth nothing, and each costs a search in every text.
    private const int MostDerived = 200;
    private static readonly Queue<string> Derived = [];
    private static string[] _forms = [], _derivedForms = [];

    /// <summary>From now on the value is hidden.</summary>
    public static void Learn(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (secret.Length < ShortestValue) return;
        lock (Gate)
        {
            if (Array.IndexOf(_forms, secret) >= 0 || _forms.Length >= MostForms) return;
            // The longest first: a form that holds another one goes as a whole.
            Volatile.Write(ref _forms, [.. _forms.Concat(FormsOf(secret)).Distinct(StringComparer.Ordinal).OrderByDescending(f => f.Length)]);
        }
    }

    /// <summary>From now on the value is hidden: something short-lived that a connector got for its secrets. The newest are known.</summary>
    public static void LearnDerived(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (secret.Length < ShortestValue) return;
        lock (Gate)
        {
            if (Derived.Contains(secret)) return;
            Derived.Enqueue(secret);
            if (Derived.Count > MostDerived) Derived.Dequeue();
            Volatile.Write(ref _derivedForms, [.. Derived.SelectMany(FormsOf).Distinct(StringComparer.Ordinal).OrderByDescending(f => f.Length)]);
        }
    }

    /// <summary>The text with stars in the place of secrets, and of what looks like a token.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    public static string? Hide(string? text) =>
        string.IsNullOrEmpty(text) ? text : Shapes().Replace(HideKnown(text), m => m.Groups["kept"].Value + "***");

    /// <summary>The text with stars in the place of secrets that are known: for rows, which may hold what only looks like one.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    public static string? HideKnown(string? text)
    {
        if (string.IsNullOrEmpty(text)) return text;
        foreach (var form in Volatile.Read(ref _forms))
            if (text.Length >= form.Length) text = text.Replace(form, "***", StringComparison.Ordinal);
        foreach (var form in Volatile.Read(ref _derivedForms))
            if (text.Length >= form.Length) text = text.Replace(form, "***", StringComparison.Ordinal);
        return text;
    }

    /// <summary>Signed tokens (three parts of base64, the first an object), what follows Bearer, and values of fields that hold tokens.</summary>
    [GeneratedRegex("""\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*|(?<kept>\b[Bb]earer +)[A-Za-z0-9._~+/=-]{12,}|(?<kept>\b(?:access_token|refresh_token|id_token|session_token)["']?\s*[:=]\s*["']?)[^\s"'&,;}*]{8,}""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 30_000)]
    private static partial Regex Shapes();

    /// <summary>The failure itself, or one without the secrets that it or its causes tell.</summary>
    public static Exception Hide(Exception failure)
    {
        var text = failure.ToString();
        var hidden = Hide(text);
        return hidden == text ? failure : new MaskedException(hidden, Hide(failure.Message));
    }

    private static IEnumerable<string> FormsOf(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return JsonSerializer.Serialize(secret)[1..^1];
        yield return JsonEncodedText.Encode(secret, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
        foreach (var text in new[] { secret, Uri.EscapeDataString(secret) }.Distinct(StringComparer.Ordinal))
            foreach (var form in Base64Of(Encoding.UTF8.GetBytes(text))) yield return form;
    }

    /// <summary>As base64 alone, and as the end of a longer text, as in the <c>user:password</c> of a request: what stands before it can shift it by one byte or two.</summary>
    private static IEnumerable<string> Base64Of(byte[] secret)
    {
        yield return Convert.ToBase64String(secret);
        // The first characters that the text before has a part in are left out.
        yield return Convert.ToBase64String([0, .. secret])[2..];
        yield return Convert.ToBase64String([0, 0, .. secret])[3..];
    }

    /// <summary>A failure whose text told secrets.</summary>
    private sealed class MaskedException(string whole, string message) : Exception(message)
    {
        public override string ToString() => whole;
    }
}
