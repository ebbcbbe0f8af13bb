using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Conformance.Tests.Support;

namespace FlowForge.Conformance.Tests.TypeScript;

internal sealed record ScenarioResult(string Name, bool Ok, int Ms, string? Error);

/// <summary>One run of the scenario files with the official SDK, against a server in this process.</summary>
internal static partial class ScenarioRun
{
    /// <summary>The names in a scenario file. Names made in a loop there are written <c>${…}</c> and found by their results.</summary>
    public static IEnumerable<string> Names(string file) =>
        Name().Matches(File.ReadAllText(Path.Combine(TestFiles.TypeScript, "scenarios", file))).Select(m => m.Groups[1].Value);

    public static async Task<IReadOnlyDictionary<string, ScenarioResult>> RunAsync(IEnumerable<string> files, bool cache, CancellationToken cancellation)
    {
        using var folder = new TemporaryFolder();
        var log = new StringWriter();
        await using var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = folder.File("temporal.db"), Log = TextWriter.Synchronized(log) }, cancellation);
        var results = new Dictionary<string, ScenarioResult>(StringComparer.Ordinal);
        using var node = new ChildProcess(
            "node",
            ["harness.js", "--address", server.Address, "--cache", cache ? "on" : "off", .. files.Select(f => $"scenarios/{f}")],
            TestFiles.TypeScript,
            line =>
            {
                if (line.StartsWith('{') && JsonSerializer.Deserialize<ScenarioResult>(line, JsonSerializerOptions.Web) is { } result)
                {
                    results[result.Name] = result;
                }
            });
        await node.WaitAsync(cancellation);
        Assert.True(results.Count > 0, $"The scenarios did not run: {node.Errors}");
        Assert.Equal("", log.ToString());
        return results;
    }

    [GeneratedRegex(@"^scenario\('([^']+)'", RegexOptions.Multiline)]
    private static partial Regex Name();
}
