using System.Text.RegularExpressions;
using FlowForge.Contracts;

namespace FlowForge.Architecture.Tests;

/// <summary>Every code that a person may meet is explained once, in <c>Runtime/docs/errors.md</c> or <c>diagnostics.md</c>, and no document speaks of one that is not said.</summary>
public sealed partial class CodeTests
{
    private static readonly string[] Documents = ["Runtime/docs/errors.md", "Runtime/docs/diagnostics.md"];

    private static readonly HashSet<string> Explained = [.. Explanation.All.Select(e => e.Code)];

    [Fact]
    public void Source_SaysOnlyCodesThatAreExplained() =>
        None(Places([".cs", ".razor"]).Where(p => !Explained.Contains(p.Code)).Select(p => $"{p.Code} ({p.File}) stands in neither {string.Join(" nor ", Documents)}."));

    [Fact]
    public void OtherDocuments_SpeakOnlyOfCodesThatAreExplained() =>
        None(Places([".md"]).Where(p => !Explained.Contains(p.Code)).Select(p => $"{p.Code} ({p.File}) stands in neither {string.Join(" nor ", Documents)}."));

    [Fact]
    public void ExplainedCodes_AreSaidByTheSource()
    {
        var said = Files([".cs", ".razor"]).SelectMany(file => Literal().Matches(file.Text).Select(m => m.Groups[1].Value)).ToHashSet();
        None(Explained.Except(said).Select(code => $"{code} is explained, and nothing says it: delete its row."));
    }

    [Fact]
    public void Documents_ExplainEachCodeOnce_InRowsThatCanBeRead()
    {
        var rows = Documents.SelectMany(d => File.ReadLines(Path.Combine(House.Root, d))).Where(l => l.StartsWith("| `FF", StringComparison.Ordinal)).Select(l => l[3..9]).ToArray();
        Assert.InRange(rows.Length, 250, 1000);
        None(rows.GroupBy(code => code).Where(g => g.Count() > 1).Select(g => $"{g.Key} is explained {g.Count()} times."));
        Assert.Equal(rows, Explanation.All.Select(e => e.Code));
        Assert.All(Explanation.All, e =>
        {
            Assert.EndsWith(".", e.Text, StringComparison.Ordinal);
            Assert.NotEqual("", e.Section);
            Assert.True((e.Title + e.Text).Count(c => c == '`') % 2 == 0 && !(e.Title + e.Text).Contains("**", StringComparison.Ordinal), $"{e.Code}: the marks of its row do not close.");
        });
    }

    [Fact]
    public void Find_KnowsTheCodeInAnyCase_AndNothingElse()
    {
        var known = Explanation.Find("ff1109")!;
        Assert.Equal(("FF1109", "Fields and their values", true, "No effect"), (known.Code, known.Section, known.IsWarning, known.Title));
        Assert.Equal("The field is only read together with another one that is not set. Set that one, or remove this.", known.Text);
        Assert.Equal(("Runs", false, "Skipped"), (Explanation.Find("FF3004")!.Section, Explanation.Find("FF3004")!.IsWarning, Explanation.Find("FF3004")!.Title));
        Assert.Null(Explanation.Find("FF9999"));
        Assert.Null(Explanation.Find(""));
    }

    private static void None(IEnumerable<string> faults)
    {
        var all = string.Join('\n', faults);
        Assert.True(all.Length == 0, all);
    }

    private static IEnumerable<(string Code, string File)> Places(string[] endings) =>
        Files(endings).SelectMany(file => Mention().Matches(file.Text).Select(m => (m.Value, file.Path))).Distinct();

    private static IEnumerable<(string Path, string Text)> Files(string[] endings) =>
        new[] { "AppHost", "ServiceDefaults", "Workbench", "Runtime", "Plugins" }
            .SelectMany(top => Directory.EnumerateFiles(Path.Combine(House.Root, top), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            .Append(Path.Combine(House.Root, "README.md"))
            .Where(file => endings.Contains(Path.GetExtension(file)))
            .Select(file => (Path: Path.GetRelativePath(House.Root, file).Replace('\\', '/'), file))
            .Where(f => !f.Path.Contains("/node_modules/", StringComparison.Ordinal) && !f.Path.Contains("/obj/", StringComparison.Ordinal) && !f.Path.Contains("/bin/", StringComparison.Ordinal) && !Documents.Contains(f.Path))
            .Select(f => (f.Path, File.ReadAllText(f.file)));

    [GeneratedRegex(@"(?<![\w#])FF[1-9]\d{3}(?!\w)")]
    private static partial Regex Mention();

    [GeneratedRegex("\"(FF\\d{4})\"")]
    private static partial Regex Literal();
}
