using System.Collections.Concurrent;
using System.Text;

namespace FlowForge.Pipelines;

/// <summary>
/// The written form of the enums of a pipeline and of the catalog: lower case with underscores, as in YAML, API and database
/// (<c>CheckKind.NotNull</c> is <c>not_null</c>). One place, so that the forms cannot drift apart. Thread-safe.
/// </summary>
public static class EnumText
{
    private static readonly ConcurrentDictionary<Enum, string> Texts = new();

    /// <summary>The written form of <paramref name="value"/>.</summary>
    public static string ToText(this Enum value) => Texts.GetOrAdd(value, static v => Snake(v.ToString()));

    /// <summary>All written forms of <typeparamref name="T"/>, in the order of declaration.</summary>
    public static IReadOnlyList<string> All<T>() where T : struct, Enum => Array.ConvertAll(Enum.GetValues<T>(), v => v.ToText());

    /// <summary>Reads a written form; upper and lower case are the same. False when there is no such value.</summary>
    public static bool TryParse<T>(string? text, out T value) where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (string.Equals(candidate.ToText(), text, StringComparison.OrdinalIgnoreCase))
            {
                value = candidate;
                return true;
            }
        }
        value = default;
        return false;
    }

    /// <summary>Reads a written form.</summary>
    /// <exception cref="FormatException">There is no such value.</exception>
    public static T Parse<T>(string? text) where T : struct, Enum =>
        TryParse<T>(text, out var value)
            ? value
            : throw new FormatException($"'{text}' is no {typeof(T).Name}. Known: {string.Join(", ", All<T>())}.");

    private static string Snake(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
            {
                text.Append('_');
            }
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }
}
