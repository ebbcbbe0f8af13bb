using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace FlowForge.Benchmarks;

/// <summary>What each connector reads from its server: the acceptance suites of tests/Plugins time their large reads.</summary>
internal sealed partial class ConnectorsBenchmark : IBenchmark
{
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
        var report = Path.Combine(Path.GetTempPath(), $"flowforge-connectors-{Guid.NewGuid():n}.xml");
        try
        {
            string[] what = isShort ? ["-class", "*.FileSuiteTests"] : ["-namespace", "FlowForge.Plugins.Tests.Suites"];
            var start = new ProcessStartInfo(tests) { RedirectStandardOutput = true };
            foreach (var argument in what.Concat(["-xml", report])) start.ArgumentList.Add(argument);
            using (var process = Process.Start(start)!)
            {
                var output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                if (!File.Exists(report)) throw new InvalidOperationException(output);
            }
            foreach (var test in XDocument.Load(report).Descendants("test").OrderBy(t => (string?)t.Attribute("type"), StringComparer.Ordinal))
            {
                var name = ((string?)test.Attribute("type") ?? "").Split('.')[^1].Replace("SuiteTests", "", StringComparison.Ordinal);
                if (SpeedPattern().Match((string?)test.Element("output") ?? "") is { Success: true } speed) yield return new Ratio(name, Number(speed, 2), Number(speed, 3), speed.Groups[1].Value + "/s");
                else if ((string?)test.Attribute("result") != "Pass") Console.WriteLine($"  {name}: {(string?)test.Attribute("result")}");
            }
        }
        finally
        {
            File.Delete(report);
        }
    }

    private static double Number(Match match, int group) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^speed (\w+) (\d+) (\d+)", RegexOptions.Multiline)]
    private static partial Regex SpeedPattern();
}
