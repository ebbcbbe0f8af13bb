using System.Reflection;
using System.Text.RegularExpressions;

namespace FlowForge.Plugins.Tests.Suites;

/// <summary>No built-in connector without its acceptance suite.</summary>
public sealed partial class BuiltInSuitesTests
{
    [Fact]
    public void EachBuiltInConnector_HasItsSuite()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "FlowForge.sln"))) root = Path.GetDirectoryName(root)!;
        var plugins = Path.Combine(root, "Plugins");
        // Read from the sources: what a build left out would not be missed otherwise.
        var connectors = Directory.EnumerateFiles(plugins, "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetRelativePath(plugins, f).Split('/')[0] is not ("Abstractions" or "Testing" or "templates") && !f.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(f => NamePattern().Matches(File.ReadAllText(f)).Select(m => (Name: m.Groups[1].Value, IsSink: SinkPattern().IsMatch(m.Value)))).OrderBy(c => c.Name, StringComparer.Ordinal).ToList();
        CheckAll([.. connectors.Select(c => c.Name)], isSink: false);
        CheckAll([.. connectors.Where(c => c.IsSink).Select(c => c.Name)], isSink: true);
    }

    private static void CheckAll(List<string> connectors, bool isSink)
    {
        var suites = typeof(SuiteTests).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(SuiteTests)) && !t.IsAbstract).Select(t => t.GetCustomAttribute<SuiteOfAttribute>() ?? new SuiteOfAttribute(t.Name))
            .Where(s => s.IsSink == isSink).Select(s => s.Connector).Order(StringComparer.Ordinal).ToList();
        Assert.True(connectors.Count > (isSink ? 0 : 10), "No connectors were found in the sources.");
        Assert.True(connectors.Except(suites).ToList() is [], $"Without an acceptance suite in tests/Plugins/Suites: {string.Join(", ", connectors.Except(suites))}.");
        Assert.Equal(suites.Distinct(), suites);
        Assert.Empty(suites.Except(connectors));
    }

    // The attribute and the line of the class below it.
    [GeneratedRegex("^\\[Connector\\(\"([^\"]+)\".*\\n.*", RegexOptions.Multiline)]
    private static partial Regex NamePattern();

    [GeneratedRegex("\\bI(Marked)?Sink\\b")]
    private static partial Regex SinkPattern();
}
