using System.Text.RegularExpressions;

namespace FlowForge.Contracts;

/// <summary>What a code means and what to do about it: one row of <c>Runtime/docs/errors.md</c> or <c>diagnostics.md</c>, which this assembly carries.</summary>
/// <param name="Code">Stable, <c>FF2051</c>.</param>
/// <param name="Section">The heading under which the row stands.</param>
/// <param name="IsWarning">Whether it keeps nothing from being done.</param>
/// <param name="Title">A few words without a full stop. Like <paramref name="Text"/> Markdown of which only code marks (<c>`x`</c>) are used.</param>
/// <param name="Text">What happened, the state that the data is in, and what to do.</param>
public sealed partial record Explanation(string Code, string Section, bool IsWarning, string Title, string Text)
{
    /// <summary>All codes, as the documents order them.</summary>
    public static IReadOnlyList<Explanation> All { get; } = [.. Read("errors.md"), .. Read("diagnostics.md")];

    /// <returns>Null for a code that is not known.</returns>
    public static Explanation? Find(string code) => All.FirstOrDefault(e => e.Code.Equals(code, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<Explanation> Read(string document)
    {
        using var reader = new StreamReader(typeof(Explanation).Assembly.GetManifestResourceStream(document)!);
        var section = "";
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("## ", StringComparison.Ordinal)) section = line[3..];
            if (Row().Match(line) is { Success: true } row)
                yield return new Explanation(row.Groups["code"].Value, section, row.Groups["level"].Value == "warning", row.Groups["title"].Value, row.Groups["text"].Value.Replace("\\|", "|", StringComparison.Ordinal));
        }
    }

    // Both tables begin with the code and end with the text; one has the level between.
    [GeneratedRegex(@"^\| `(?<code>FF\d{4})` \|(?: (?<level>\w*) \|)? \*\*(?<title>.+?)\.\*\* (?<text>.+) \|\z")]
    private static partial Regex Row();
}
