using System.Text.Json;
using FlowForge.ServiceDefaults;

namespace FlowForge.AppHost.Tests;

/// <summary><c>run</c> and <c>validate</c> without an environment that runs.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Data => folder.At("data");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task RunJson_Twice_IsOneObjectAndAddsNothing()
    {
        var file = folder.Pipeline("orders");
        var first = await Json();
        Assert.Equal(["run", "state", "seconds", "jobs", "tables"], first.EnumerateObject().Select(p => p.Name));
        Assert.Equal("succeeded", first.GetProperty("state").GetString());
        Assert.Equal(["name", "kind", "state", "read", "loaded", "rejected", "deduplicated", "filtered", "bytes", "seconds"], first.GetProperty("jobs")[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal(["orders ingest succeeded 3=2+1+0+0", "orders_total gold succeeded 1=1+0+0+0"], Jobs(first));
        Assert.Equal(["bronze.orders 0 2", "gold.orders_total 0 1"], Tables(first));

        var second = await Json();
        Assert.Equal("orders ingest succeeded 0=0+0+0+0", Jobs(second)[0]);
        Assert.Equal(["bronze.orders 0 2", "gold.orders_total 0 1"], Tables(second));
        Assert.NotEqual(first.GetProperty("run").GetString(), second.GetProperty("run").GetString());
        Assert.False(File.Exists(Path.Combine(Data, "runtime.json")));

        async Task<JsonElement> Json()
        {
            var (code, output, errors) = await AppHostProcess.RunAsync(Data, "run", file, "--json");
            Assert.True(code == 0, errors);
            return JsonDocument.Parse(output).RootElement;
        }

        static string[] Jobs(JsonElement report) => [.. report.GetProperty("jobs").EnumerateArray().Select(j =>
            $"{j.GetProperty("name")} {j.GetProperty("kind")} {j.GetProperty("state")} {j.GetProperty("read")}={j.GetProperty("loaded")}+{j.GetProperty("rejected")}+{j.GetProperty("deduplicated")}+{j.GetProperty("filtered")}")];

        static string[] Tables(JsonElement report) => [.. report.GetProperty("tables").EnumerateArray().Select(t => $"{t.GetProperty("table")} {t.GetProperty("version")} {t.GetProperty("rows")}")];
    }

    [Fact]
    public async Task Run_OnNoTerminal_PrintsPlainLinesAndASummary()
    {
        var (code, output, errors) = await AppHostProcess.RunAsync(Data, "run", folder.Pipeline("plain"));
        Assert.True(code == 0, errors);
        Assert.DoesNotContain("\e[", output, StringComparison.Ordinal);
        Assert.StartsWith("plain: run run_", output, StringComparison.Ordinal);
        Assert.Matches("  ingest\\.plain: succeeded, 3 rows, 1 rejected, ", output);
        Assert.Matches("plain succeeded in [0-9.]+ s \\(run run_[0-9a-z]+\\)$", output);
    }

    [Fact]
    public async Task Run_JobThatFails_Exits1AndSaysWhy()
    {
        var file = folder.Pipeline("fails");
        File.Delete(folder.At("fails.csv"));
        var (code, output, errors) = await AppHostProcess.RunAsync(Data, "run", file, "--json");
        Assert.Equal(1, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("failed", report.GetProperty("state").GetString());
        Assert.Equal(["failed", "skipped"], report.GetProperty("jobs").EnumerateArray().Select(j => j.GetProperty("state").GetString()));
        Assert.Matches("ingest\\.fails failed: FF[0-9]{4} .*fails\\.csv", errors);
    }

    [Fact]
    public async Task Run_PipelineWithErrors_Exits1WithoutARun()
    {
        var file = folder.Pipeline("wrong", more: "colour: red");
        var (code, output, errors) = await AppHostProcess.RunAsync(Data, "run", file, "--json");
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith($"{file}:14:1: error FF", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CtrlC_CancelsTheRunAndLeavesNobody()
    {
        // Two billion rows to count, one by one: nobody waits for that.
        var file = folder.Pipeline("endless", more: "  endless_slow: SELECT count(*) AS n FROM bronze.endless a, range(3000000000) r(i) WHERE hash(a.id + r.i) % 1000003 = 7");
        await using var host = AppHostProcess.Start(Data, "run", file, "--json");
        await host.UntilAsync(() => host.Errors.Contains("gold.endless_slow: running", StringComparison.Ordinal), "the endless job runs");
        Assert.Equal(2, host.Services.Count);
        host.Signal("INT");
        Assert.Equal(1, await host.ExitAsync());
        Assert.Equal("cancelled", JsonDocument.Parse(host.Output).RootElement.GetProperty("state").GetString());
        Assert.All(host.Services, pid => Assert.False(ParentWatch.IsAlive(pid)));
    }

    [Fact]
    public async Task Run_AgainAfterKill9_FollowsTheInterruptedRunToItsEnd()
    {
        var file = folder.Pipeline("crash", more: "  crash_slow: SELECT count(*) AS n FROM range(300000000) r(i) WHERE hash(r.i) % 1000003 = 7");
        string run;
        await using (var host = AppHostProcess.Start(Data, "run", file))
        {
            await host.UntilAsync(() => host.Output.Contains("gold.crash_slow: running", StringComparison.Ordinal), "the slow job runs");
            run = host.Output.Split('\n')[0].Split(' ')[^1];
            host.Signal("KILL");
            await host.ExitAsync();
        }
        var (code, output, errors) = await AppHostProcess.RunAsync(Data, "run", file, "--json");
        Assert.True(code == 0, errors);
        Assert.Contains($"{run} was interrupted and goes on; following it.", errors, StringComparison.Ordinal);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal((run, "succeeded"), (report.GetProperty("run").GetString(), report.GetProperty("state").GetString()));
        Assert.Contains("{\"table\":\"bronze.crash\",\"version\":0,\"rows\":2}", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MissingFile_SaysSo()
    {
        var (code, _, errors) = await AppHostProcess.RunAsync(Data, "run", folder.At("none.yaml"));
        Assert.Equal(1, code);
        Assert.StartsWith($"error: The pipeline file {folder.At("none.yaml")} cannot be read: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_GoodFile_SaysSo()
    {
        var file = folder.Pipeline("good");
        var (code, output, errors) = await AppHostProcess.RunAsync(Data, "validate", file);
        Assert.Equal((0, $"{file}: pipeline good is valid, 2 jobs.", ""), (code, output, errors));
    }

    [Fact]
    public async Task Options_BeforeTheCommand_CountToo()
    {
        var elsewhere = Directory.CreateDirectory(folder.At("elsewhere")).FullName;
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "a.csv"), "id\n1\n", TestContext.Current.CancellationToken);
        var file = folder.At("apart.yaml");
        await File.WriteAllTextAsync(file, $"pipeline: apart\ningest:\n  a:\n    source_type: file_local\n    format: csv\n    config: {{ path: {elsewhere}/a.csv }}\n", TestContext.Current.CancellationToken);
        var (code, output, _) = await AppHostProcess.RunAsync(Data, "--files-root", elsewhere, "run", file, "--json");
        Assert.True(code == 0, output);
        Assert.Contains("{\"table\":\"bronze.a\",\"version\":0,\"rows\":1}", output, StringComparison.Ordinal);

        (code, _, var errors) = await AppHostProcess.RunAsync(Data, "--port-offset", "3", "--no-demo", "run", file);
        Assert.Equal((1, "--port-offset is for starting the whole environment; 'run' has no use for it.\n--no-demo is for starting the whole environment; 'run' has no use for it."), (code, errors.Trim()));
    }

    [Fact]
    public async Task Validate_BadFile_PrintsCodePathLineAndSuggestion()
    {
        var file = folder.At("bad.yaml");
        await File.WriteAllTextAsync(file, "pipeline: bad\ningest:\n  a:\n    source_type: file_local\n    formatt: csv\n    error_handling: quarantine\n    config: { path: a.csv }\n", TestContext.Current.CancellationToken);
        var (code, output, _) = await AppHostProcess.RunAsync(Data, "validate", file);
        Assert.Equal(1, code);
        Assert.Equal($"""
            {file}:5:5: error FF1101 ingest.a.formatt: An ingest job has no field 'formatt'.
                Did you mean 'format'?
            {file}:6:21: error FF1204 ingest.a.error_handling: error_handling: quarantine needs quarantine_path.
                Add quarantine_path: quarantine/a.
            """, output);
    }
}
