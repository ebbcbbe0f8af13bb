using System.Text.RegularExpressions;

namespace FlowForge.Acceptance.Tests;

/// <summary>No built-in connector without a pipeline that runs through a kill.</summary>
public sealed partial class PipelinesOfConnectorsTests
{
    /// <summary>Names under which pipelines of this room use a connector.</summary>
    private static readonly Dictionary<string, string> Aliases = new() { ["file_local"] = "file", ["api"] = "rest" };

    [Fact]
    public void EachBuiltInConnector_HasAPipelineHere()
    {
        var plugins = Path.Combine(AppHostProcess.Root, "Plugins");
        var connectors = Directory.EnumerateFiles(plugins, "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetRelativePath(plugins, f).Split('/')[0] is not ("Abstractions" or "Testing" or "templates") && !f.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(f => NamePattern().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).ToList();
        var used = Directory.EnumerateFiles(Path.Combine(AppHostProcess.Root, "tests", "Acceptance"), "*.cs").SelectMany(f => UsePattern().Matches(File.ReadAllText(f)).Select(m => Aliases.GetValueOrDefault(m.Groups[1].Value, m.Groups[1].Value))).ToHashSet();
        Assert.True(connectors.Count > 15, "No connectors were found in the sources.");
        Assert.True(connectors.All(used.Contains), $"Without a pipeline in tests/Acceptance: {string.Join(", ", connectors.Except(used))}.");
    }

    [GeneratedRegex("^\\[Connector\\(\"([^\"]+)\"", RegexOptions.Multiline)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^ +source_type: (\\w+)\\r?$", RegexOptions.Multiline)]
    private static partial Regex UsePattern();
}
