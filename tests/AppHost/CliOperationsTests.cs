using System.Text.Json;

namespace FlowForge.AppHost.Tests;

/// <summary>Backfills, triggers, schedules, workflows and worker pools from the <c>flowforge</c> tool.</summary>
[Collection(EnvironmentCollection.Name)]
public sealed class CliOperationsTests(EnvironmentFixture environment)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Backfills_PreviewStartShowList_AndWhatIsDoneIsNotDoneAgain()
    {
        await PutAsync("cli_days", "pipeline: cli_days\ngold:\n  cli_days: { sql: SELECT 1 AS n }\n");
        string[] range = ["--from", "2026-05-01T00:00Z", "--to", "2026-05-03T00:00Z", "--step", "1d"];
        var preview = (await Cli(["backfills", "start", "cli_days", .. range, "--dry-run"])).Output.Split('\n');
        Assert.Equal(("from", "2 of 2 intervals would run."), (preview[0].Split(' ')[0], preview[^1]));
        Assert.EndsWith("yes   no run yet", preview[1], StringComparison.Ordinal);

        var (code, id, _) = await Cli(["backfills", "start", "cli_days", .. range, "--max-parallel", "2"]);
        Assert.Equal(0, code);
        var shown = await UntilAsync(() => Json("backfills", "show", id), b => b.GetProperty("backfill").GetProperty("state").GetString() is "succeeded" or "failed");
        Assert.Equal(("succeeded", 2, 2), (shown.GetProperty("backfill").GetProperty("state").GetString(), shown.GetProperty("backfill").GetProperty("succeeded").GetInt32(), shown.GetProperty("runs").GetArrayLength()));
        Assert.StartsWith($"{id}: cli_days version 1, succeeded, 2 of 2 intervals succeeded, 0 failed\nrun", (await Cli("backfills", "show", id)).Output, StringComparison.Ordinal);
        Assert.Contains(id + "  succeeded", (await Cli("backfills", "list", "cli_days")).Output, StringComparison.Ordinal);
        Assert.Equal((1, "", "error: There is nothing to run: every interval of the range is left out.\n  Look at the preview for the reasons; only: all runs them again."), await Cli(["backfills", "start", "cli_days", .. range]));
        Assert.Equal((1, "", "error: There is no backfill bf_none."), Head(await Cli("backfills", "cancel", "bf_none"), 1));
    }

    [Fact]
    public async Task Deliveries_OfAPipelineAndATable_BeforeAndAfterARun()
    {
        await PutAsync("cli_deliver", "pipeline: cli_deliver\ngold:\n  cli_deliver: { sql: SELECT 1 AS n }\ndeliveries:\n  out: { from: gold.cli_deliver, to: file, path: out/cli_deliver.csv }\n");
        var none = (await Cli("deliveries", "list", "cli_deliver")).Output.Split('\n');
        Assert.Equal(["delivery", "table", "to", "mode", "version", "pending", "rows", "delivered", "run"], none[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["cli_deliver/out", "gold.cli_deliver", "file", "out/cli_deliver.csv", "replace", "none", "0"], none[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(0, (await Cli("runs", "start", "cli_deliver")).Code);
        var there = (await UntilAsync(() => Json("deliveries", "of", "gold.cli_deliver"), l => l.GetArrayLength() == 1 && l[0].TryGetProperty("version", out var v) && v.ValueKind == JsonValueKind.Number))[0];
        Assert.Equal((0L, 0L, 1L, "replace"), (there.GetProperty("version").GetInt64(), there.GetProperty("pending").GetInt64(), there.GetProperty("rows").GetInt64(), there.GetProperty("mode").GetString()));
        Assert.Equal((1, "", "error: There is no pipeline 'cli_nothing'."), Head(await Cli("deliveries", "list", "cli_nothing"), 1));
    }

    [Fact]
    public async Task Starts_OfASchedulePlusTrigger_AndTheScheduleInTemporal()
    {
        await PutAsync("cli_starts", "pipeline: cli_starts\nschedule: { cron: \"0 2 * * *\", timezone: Europe/Berlin }\ntriggers: [ { after: cli_starts_first, on: any } ]\ngold:\n  cli_starts: { sql: SELECT 1 AS n }\n");
        var starts = (await Cli("pipelines", "starts", "cli_starts")).Output.Split('\n');
        Assert.StartsWith("starts ", starts[0], StringComparison.Ordinal);
        Assert.Contains(starts, l => l.StartsWith("0 2 * * * Europe/Berlin", StringComparison.Ordinal));
        Assert.Contains("not yet", starts[^1], StringComparison.Ordinal);
        Assert.Contains("cli_starts_first", starts[^1], StringComparison.Ordinal);

        const string Id = "pipeline/cli_starts";
        await UntilAsync(() => Json("temporal", "schedules", "list"), l => l.EnumerateArray().Any(s => s.GetProperty("id").GetString() == Id));
        Assert.Equal((0, "", $"{Id} is paused."), await Cli("temporal", "schedules", "pause", Id, "--note", "holidays"));
        Assert.Contains("holidays", (await Cli("temporal", "schedules", "show", Id)).Output, StringComparison.Ordinal);
        Assert.Equal((0, "", $"{Id} goes on."), await Cli("temporal", "schedules", "unpause", Id));
        Assert.Equal((0, "", $"{Id} is triggered."), await Cli("temporal", "schedules", "trigger", Id));
        await UntilAsync(() => Json("runs", "list", "--pipeline", "cli_starts"), l => l.EnumerateArray().Any(r => r.GetProperty("trigger").GetString() == "schedule"));
        Assert.Equal((1, "", "error: There is no schedule 'pipeline/none'."), Head(await Cli("temporal", "schedules", "show", "pipeline/none"), 1));
    }

    [Fact]
    public async Task Workflows_QuerySignalCountReset_AndAQueryErrorAtTheEndHasItsPlace()
    {
        await PutAsync("cli_flow", "pipeline: cli_flow\ngold:\n  cli_flow: { sql: \"SELECT sum(hash(x.range, y.range)) AS h FROM range(3000000) x, range(3000000) y\" }\n");
        var (_, started, _) = await Cli("runs", "start", "cli_flow");
        var run = started.Split('\n')[^1].Trim();
        var workflow = "run/" + run;
        var state = await UntilAsync(() => Json("temporal", "workflows", "query", workflow, "state"), s => s.GetProperty("state").GetString() == "running");
        Assert.False(state.GetProperty("paused").GetBoolean());
        Assert.Equal((0, "", "pause is delivered."), await Cli("temporal", "workflows", "signal", workflow, "pause"));
        Assert.True((await Json("temporal", "workflows", "query", workflow, "state")).GetProperty("paused").GetBoolean());
        Assert.Equal(1, (await Json("temporal", "workflows", "count", "--query", $"WorkflowId = '{workflow}' AND ExecutionStatus = 'Running'")).GetProperty("total").GetInt64());
        var (refused, _, said) = await Cli("temporal", "workflows", "reset", workflow, "--event", "9999");
        Assert.Equal((1, "error: Temporal refuses this: "), (refused, said[..30]));
        await Cli("runs", "cancel", run);
        await UntilAsync(() => Json("runs", "show", run), r => r.GetProperty("state").GetString() == "cancelled");

        var (code, _, errors) = await Cli("temporal", "workflows", "list", "--query", "WorkflowType = 'run' AND");
        Assert.Equal((1, "error FF4100 query:1:25: Invalid query: expected a search attribute at position 25, the end."), (code, errors.Split('\n')[2]));
    }

    [Fact]
    public async Task SystemPools_TheRuntimesOwnQueueHasItsWorker()
    {
        var pools = await UntilAsync(() => Json("system", "pools"), p => p[0].GetProperty("workers").GetArrayLength() > 0);
        Assert.Equal("flowforge", pools[0].GetProperty("taskQueue").GetString());
        var text = (await Cli("system", "pools")).Output.Split('\n');
        Assert.StartsWith("pool ", text[0], StringComparison.Ordinal);
        Assert.StartsWith("(runtime)  flowforge ", text[1], StringComparison.Ordinal);
    }

    private static (int, string, string) Head((int Code, string Output, string Errors) answer, int lines) => (answer.Code, answer.Output, string.Join('\n', answer.Errors.Split('\n').Take(lines)));

    private Task<(int Code, string Output, string Errors)> Cli(params string[] arguments) => CliTests.CliAsync(environment.Data, arguments);

    private async Task PutAsync(string name, string yaml)
    {
        var file = environment.Folder.At(name + ".yaml");
        await File.WriteAllTextAsync(file, yaml);
        Assert.Equal((0, $"{name} is stored as version 1."), ((await Cli("pipelines", "put", file)) is var stored ? stored.Code : 0, stored.Output));
    }

    private async Task<JsonElement> Json(params string[] arguments)
    {
        var (code, output, errors) = await Cli([.. arguments, "--json"]);
        Assert.True(code == 0, errors);
        return JsonDocument.Parse(output).RootElement;
    }

    private static async Task<JsonElement> UntilAsync(Func<Task<JsonElement>> read, Func<JsonElement, bool> condition)
    {
        for (var until = DateTime.UtcNow + Patience; ; await Task.Delay(100))
        {
            var value = await read();
            if (condition(value)) return value;
            Assert.True(DateTime.UtcNow < until, $"Waited {Patience.TotalSeconds} s; it was still {value.GetRawText()}");
        }
    }
}
