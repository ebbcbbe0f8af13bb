using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace FlowForge.Benchmarks;

/// <summary>What each connector reads from its server: the acceptance suites of tests/Plugins time their large reads.</summary>
internal sealed partial class ConnectorsBenchmark : IBenchmark
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1), LongestSuite = TimeSpan.FromSeconds(75), Altogether = TimeSpan.FromMinutes(7);

    public string Name => "connectors";
    public string About => "each connector's large read from its server: rows, records or MB for each second of the process's own processor time (ours), and by the clock (peer)";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var bin = AppContext.BaseDirectory.TrimEnd('/');
        var tests = Path.Combine(bin, "..", "..", "Plugins.Tests", Path.GetFileName(bin), "FlowForge.Plugins.Tests");
        if (!File.Exists(tests))
        {
            Console.WriteLine("  tests/Plugins is not built (dotnet build tests/Plugins)");
            yield break;
        }
        var suites = Ask(tests, Longest, "-list", "classes").Split('\n').Select(l => l.Trim()).Where(l => l.EndsWith("SuiteTests", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        if (isShort) suites.RemoveAll(s => !s.EndsWith(".FileSuiteTests", StringComparison.Ordinal));
        var clock = Stopwatch.StartNew();
        foreach (var suite in suites)
        {
            var name = suite.Split('.')[^1].Replace("SuiteTests", "", StringComparison.Ordinal);
            if (clock.Elapsed > Altogether) Console.WriteLine($"  {name}: not run, {Altogether.TotalMinutes} minutes are over");
            else if (Of(tests, suite, name) is { } speed) yield return speed;
        }
    }

    /// <summary>Runs one suite in a process of its own; null, and a line that says so, when it gives no figure.</summary>
    private static Ratio? Of(string tests, string suite, string name)
    {
        var report = Path.Combine(Path.GetTempPath(), $"flowforge-connectors-{Guid.NewGuid():n}.xml");
        try
        {
            Ask(tests, LongestSuite, "-class", suite, "-xml", report);
            var ran = File.Exists(report) ? XDocument.Load(report).Descendants("test").ToList() : [];
            foreach (var test in ran)
            {
                if (SpeedPattern().Match((string?)test.Element("output") ?? "") is { Success: true } speed) return new Ratio(name, Number(speed, 2), Number(speed, 3), speed.Groups[1].Value + "/s");
            }
            Console.WriteLine($"  {name}: {(ran.Count == 0 ? $"not done in {LongestSuite.TotalSeconds} s" : string.Join(", ", ran.Select(t => (string?)t.Attribute("result")).Distinct()))}");
            return null;
        }
        finally
        {
            File.Delete(report);
        }
    }

    /// <summary>What a program writes. One that takes too long is told to end, so that it stops the servers that it has started, and killed when it does not.</summary>
    private static string Ask(string program, TimeSpan longest, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(longest))
        {
            using (var interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)])) interrupt.WaitForExit();
            if (!process.WaitForExit(TimeSpan.FromSeconds(30))) process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        return output.GetAwaiter().GetResult();
    }

    private static double Number(Match match, int group) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^speed (\w+) (\d+) (\d+)", RegexOptions.Multiline)]
    private static partial Regex SpeedPattern();
}
