using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace FlowForge.Pipelines.Tests;

public sealed partial class DiagnosticCodesTests
{
    [Fact]
    public void All_Codes_AreUniqueAndWellFormed()
    {
        var codes = DiagnosticCodes.All;
        Assert.InRange(codes.Count, 45, 200);
        Assert.Equal(codes.Count, codes.Select(c => c.Code).Distinct().Count());
        Assert.All(codes, c =>
        {
            Assert.Matches(@"^FF1[0-5]\d\d\z", c.Code);
            Assert.EndsWith(".", c.Explanation, StringComparison.Ordinal);
            Assert.False(c.Title.EndsWith('.'));
        });
    }

    [Fact]
    public void Document_InTheRepository_IsThisTable()
    {
        var path = Path.Combine(Repository(), "Runtime", "docs", "diagnostics.md");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, DiagnosticDocument.Markdown());
        }
        Assert.Equal(DiagnosticDocument.Markdown(), File.ReadAllText(path));
        Assert.All(DiagnosticCodes.All, c => Assert.Contains($"| `{c.Code}` |", DiagnosticDocument.Markdown(), StringComparison.Ordinal));
    }

    [Fact]
    public void All_Codes_AreSaidInSomeTest()
    {
        var said = Directory.EnumerateFiles(Path.Combine(Repository(), "tests", "Pipelines"), "*.cs")
            .SelectMany(f => Code().Matches(File.ReadAllText(f)).Select(m => m.Value)).ToHashSet();
        Assert.Empty(DiagnosticCodes.All.Select(c => c.Code).Except(said));
    }

    private static string Repository([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));

    [GeneratedRegex(@"FF1\d\d\d")]
    private static partial Regex Code();
}
