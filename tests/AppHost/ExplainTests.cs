using System.Text.Json;

namespace FlowForge.AppHost.Tests;

/// <summary><c>flowforge explain</c>, which no environment has to run for.</summary>
public sealed class ExplainTests
{
    [Fact]
    public async Task Explain_KnownCode_PrintsItsRow()
    {
        Assert.Equal((0, "FF3004 (Runs): Skipped.\nA job on which this one depends failed, was cancelled or is held, so this one did not run and its table is as it was. Mend that job, or decide what is held, then retry the run: only what did not succeed runs again.", ""), await Cli("ff3004"));
        Assert.Equal((0, "FF1406 (Schedules, warning): No such pipeline yet.\nafter names a pipeline that is not saved. The trigger waits until it is.", ""), await Cli("FF1406"));
        var json = JsonDocument.Parse((await Cli("FF2053", "--json")).Output).RootElement;
        Assert.Equal(["code", "section", "isWarning", "title", "text"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("FF2053", "Held for a person"), (json.GetProperty("code").GetString(), json.GetProperty("title").GetString()));
    }

    [Fact]
    public async Task Explain_UnknownCode_SaysSo_Exits2()
    {
        const string Advice = "\n  Codes are FF and four digits, such as FF2051; without one, flowforge explain lists them all.";
        Assert.Equal((2, "", "error: 'FF9999' is no code of FlowForge." + Advice), await Cli("FF9999"));
        Assert.Equal((2, "", "error: '2051' is no code of FlowForge." + Advice), await Cli("2051", "--json"));
    }

    [Fact]
    public async Task Explain_NoCode_ListsAll()
    {
        var lines = (await Cli()).Output.Split('\n');
        Assert.StartsWith("code    about", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("FF1001  The text", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("FF6044  Notebooks", StringComparison.Ordinal) && l.EndsWith("Pipeline is JSON", StringComparison.Ordinal));
        Assert.Equal(lines.Skip(1).Order(StringComparer.Ordinal), lines.Skip(1));
    }

    private static Task<(int Code, string Output, string Errors)> Cli(params string[] arguments) => CliTests.CliAsync("/nowhere", ["explain", .. arguments]);
}
