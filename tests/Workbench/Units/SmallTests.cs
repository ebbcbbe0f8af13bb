using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Workbench.Catalog;
using FlowForge.Workbench.Login;
using FlowForge.Workbench.Parts;

namespace FlowForge.Workbench.Tests.Units;

public sealed partial class SmallTests
{
    [Theory]
    [InlineData(null, "/")]
    [InlineData("/runs?x=1", "/runs?x=1")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("/login?token=x", "/")]
    [InlineData("/a\nSet-Cookie: x", "/")]
    public void LocalTarget_OfAnyWish_IsAPathOfThisHost(string? wanted, string expected) => Assert.Equal(expected, SessionGate.LocalTarget(wanted));

    [Theory]
    [InlineData("BIGINT", "number")]
    [InlineData("DECIMAL(10,2)", "number")]
    [InlineData("TIMESTAMP WITH TIME ZONE", "time")]
    [InlineData("DATE", "time")]
    [InlineData("INTERVAL", "time")]
    [InlineData("VARCHAR", "text")]
    [InlineData("STRUCT(a VARCHAR)", "nested")]
    [InlineData("BIGINT[]", "nested")]
    [InlineData("MAP(VARCHAR, BIGINT)", "nested")]
    [InlineData("BOOLEAN", "truth")]
    [InlineData("BLOB", "bytes")]
    [InlineData("ENUM('a', 'b')", "text")]
    public void Family_OfDuckDbTypes_IsWhatAReaderThinks(string type, string family) => Assert.Equal(family, TypeWords.Family(type));

    [Theory]
    [InlineData("null", "text", null)]
    [InlineData("2001", "number", "2001")]
    [InlineData("\"12345678901234567890.12\"", "number", "12345678901234567890.12")]
    [InlineData("\"2001-01-14T21:55:00\"", "time", "2001-01-14 21:55:00")]
    [InlineData("\"2001-01-14T21:55:00\"", "text", "2001-01-14T21:55:00")]
    [InlineData("{\"a\":[1,null]}", "nested", "{\"a\":[1,null]}")]
    [InlineData("true", "truth", "true")]
    public void CellText_OfAValue_ShowsItUnchanged(string json, string family, string? expected) => Assert.Equal(expected, CellText.Of(JsonDocument.Parse(json).RootElement, family));

    [Theory]
    [InlineData("gold.delays", null, "/catalog/gold/delays")]
    [InlineData("bronze.a b/c", "rejects", "/catalog/bronze/a%20b%2Fc/rejects")]
    [InlineData("nodot", null, "/catalog")]
    public void Links_ToTables_AreEscaped(string table, string? tab, string expected) => Assert.Equal(expected, Links.Table(table, tab));

    [Fact]
    public void Icons_NamedInAnyPage_AreDrawn()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "FlowForge.sln")))
            folder = folder.Parent;
        var pages = Directory.EnumerateFiles(Path.Combine(folder.FullName, "Workbench"), "*.razor", SearchOption.AllDirectories).Where(f => !f.Contains("node_modules", StringComparison.Ordinal)).Select(File.ReadAllText).ToArray();
        var names = pages.SelectMany(text => IconName().Matches(text)).Select(m => m.Groups[1].Value).Distinct().Order().ToArray();
        Assert.NotEmpty(names);
        Assert.Equal([], names.Where(name => Icons.Path(name).Length == 0));
    }

    [Fact]
    public void SparkPath_WithGaps_JoinsWhatIsKnownAndStaysInside()
    {
        Assert.Null(SparkPath.Draw([null, null], 100, 0, 10));
        Assert.Equal("M50 5h0", SparkPath.Draw([null, 3, null], 100, 0, 10));
        Assert.Equal("M0 10C50 10 50 0 100 0", SparkPath.Draw([1, null, 2], 100, 0, 10));
        Assert.Equal("M0 5C50 5 50 5 100 5", SparkPath.Draw([4, 4], 100, 0, 10));
        Assert.Equal("M0 10C50 10 50 10 100 10", SparkPath.Draw([0, 0], 100, 0, 10));
    }

    [GeneratedRegex("Icon(?: Name)?=\"([a-z]+)\"")]
    private static partial Regex IconName();
}
