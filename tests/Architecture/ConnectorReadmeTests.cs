using System.Text.RegularExpressions;

namespace FlowForge.Architecture.Tests;

/// <summary>Each connector of <c>Plugins</c> has a README that lists its settings, says what it was run against, and tells a measured figure.</summary>
public sealed partial class ConnectorReadmeTests
{
    [Fact]
    public void EachConnector_HasAReadmeWithSettingsAndMeasuredFigures()
    {
        var plugins = Path.Combine(House.Root, "Plugins");
        var connectors = Directory.EnumerateFiles(plugins, "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetRelativePath(plugins, f).Split('/')[0] is not ("Abstractions" or "Testing" or "templates") && !f.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(f => NamePattern().Matches(File.ReadAllText(f)).Select(m => (Name: m.Groups[1].Value, File: f))).ToList();
        Assert.True(connectors.Count > 15, "No connectors were found in the sources.");
        Assert.Equal([], connectors.SelectMany(c => Faults(plugins, c.Name, Path.GetDirectoryName(c.File)!)));
    }

    /// <summary>Of the README beside the connector's source, or in the nearest folder above it.</summary>
    private static IEnumerable<string> Faults(string plugins, string name, string folder)
    {
        while (!File.Exists(Path.Combine(folder, "README.md")) && folder != plugins) folder = Path.GetDirectoryName(folder)!;
        if (folder == plugins) return [$"{name}: no README."];
        var file = Path.Combine(folder, "README.md");
        var text = File.ReadAllText(file);
        var faults = new List<string>();
        if (!text.Contains(name, StringComparison.Ordinal)) faults.Add("does not speak of it");
        if (!text.Contains("\n| setting |", StringComparison.Ordinal)) faults.Add("has no table of settings");
        if (!AgainstPattern().IsMatch(text)) faults.Add("does not say what it was run against");
        if (!text.Split('\n').Any(l => l.StartsWith("**Measured**", StringComparison.Ordinal) && FigurePattern().IsMatch(l))) faults.Add("has no line **Measured** with a figure");
        return faults.Select(f => $"{name}: {Path.GetRelativePath(House.Root, file)} {f}.");
    }

    [GeneratedRegex("^\\[Connector\\(\"([^\"]+)\"", RegexOptions.Multiline)]
    private static partial Regex NamePattern();

    [GeneratedRegex("against|suite", RegexOptions.IgnoreCase)]
    private static partial Regex AgainstPattern();

    [GeneratedRegex("\\d[\\d,.]* (MB|rows|records|messages|changes|entries)\\b", RegexOptions.IgnoreCase)]
    private static partial Regex FigurePattern();
}
