using System.Diagnostics;
using System.Text.Json;

namespace FlowForge.AppHost.Tests;

/// <summary>The <c>flowforge</c> tool against a real environment.</summary>
[Collection(EnvironmentCollection.Name)]
public sealed class CliTests(EnvironmentFixture environment)
{
    [Fact]
    public async Task Pipelines_PutListGetPlanDelete()
    {
        var file = environment.Folder.Pipeline("cli_pipeline");
        Assert.Equal((0, "cli_pipeline is stored as version 1.", ""), await Cli("pipelines", "put", file));
        Assert.Equal((0, "cli_pipeline is stored as version 1.", ""), await Cli("pipelines", "put", file));
        var (_, list, _) = await Cli("pipelines", "list", "--search", "cli_pipe");
        Assert.Equal("name          version  jobs  last run  state  next run  description\ncli_pipeline        1     2", list);
        Assert.Equal((await File.ReadAllTextAsync(file)).TrimEnd(), (await Cli("pipelines", "get", "cli_pipeline")).Output);
        var (code, plan, _) = await Cli("pipelines", "plan", "cli_pipeline", "--json");
        Assert.Equal((0, 2), (code, JsonDocument.Parse(plan).RootElement.GetProperty("plan").GetProperty("jobs").GetArrayLength()));
        Assert.Equal((0, "", "cli_pipeline is deleted."), await Cli("pipelines", "delete", "cli_pipeline"));
        Assert.Equal((1, "", "error: There is no pipeline 'cli_pipeline'.\n  GET /api/v1/pipelines lists them."), await Cli("pipelines", "get", "cli_pipeline"));
    }

    [Fact]
    public async Task Validate_BadFile_Exits1()
    {
        var file = environment.Folder.At("cli_bad.yaml");
        await File.WriteAllTextAsync(file, "pipeline: cli_bad\ncolour: red\n", TestContext.Current.CancellationToken);
        var (code, output, _) = await Cli("pipelines", "validate", file);
        Assert.Equal(1, code);
        Assert.Contains($"{file}:2:1: error FF1101 colour: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Temporal_WorkflowOfARun_IsListedShownAndReadBack()
    {
        Assert.Equal(0, (await Cli("pipelines", "put", environment.Folder.Pipeline("cli_temporal"))).Code);
        var (_, watched, _) = await Cli("runs", "start", "cli_temporal", "--watch");
        var workflow = "run/" + watched.Split('\n').First(l => l.StartsWith("run_", StringComparison.Ordinal)).Split(':')[0];

        var (code, list, _) = await Cli("temporal", "workflows", "list", "--query", $"WorkflowId = '{workflow}'", "--json");
        Assert.Equal((0, "completed"), (code, JsonDocument.Parse(list).RootElement[0].GetProperty("state").GetString()));
        Assert.Contains($"{workflow} (run ", (await Cli("temporal", "workflows", "show", workflow)).Output, StringComparison.Ordinal);
        var history = (await Cli("temporal", "workflows", "history", workflow, "--newest", "--limit", "1")).Output.Split('\n');
        Assert.Equal(2, history.Length);
        Assert.Contains("WorkflowExecutionCompleted", history[1], StringComparison.Ordinal);
        Assert.Equal("WorkflowExecutionStarted", JsonDocument.Parse((await Cli("temporal", "workflows", "history", workflow, "--json")).Output).RootElement[0].GetProperty("type").GetString());
        Assert.Equal("1", JsonDocument.Parse((await Cli("temporal", "workflows", "export", workflow)).Output).RootElement.GetProperty("events")[0].GetProperty("eventId").GetString());
        Assert.Equal((1, "", $"error: Workflow '{workflow}' is closed already.\n  Look at it again; a closed run takes no signals."), await Cli("temporal", "workflows", "cancel", workflow));
        Assert.Equal((1, "", "error: Invalid query: column name 'Colour' is not a valid search attribute at position 1.\n  Write like WorkflowType = 'flowforge.pipeline' AND ExecutionStatus = 'Failed' AND StartTime > '2026-01-31T00:00:00Z'."),
            Without(await Cli("temporal", "workflows", "list", "--query", "Colour = 'red'")));
        Assert.StartsWith("schedule", (await Cli("temporal", "schedules", "list")).Output, StringComparison.Ordinal);

        // Diagnostics follow the error; the first two lines are what a person reads.
        static (int, string, string) Without((int Code, string Output, string Error) answer) => (answer.Code, answer.Output, string.Join('\n', answer.Error.Split('\n').Take(2)));
    }

    [Fact]
    public async Task Runs_StartWatchShowLogsAndTables()
    {
        Assert.Equal(0, (await Cli("pipelines", "put", environment.Folder.Pipeline("cli_run"))).Code);
        var (code, watched, errors) = await Cli("runs", "start", "cli_run", "--watch");
        Assert.True(code == 0, errors);
        var run = watched.Split('\n').First(l => l.StartsWith("run_", StringComparison.Ordinal)).Split(':')[0];
        Assert.Contains("ingest.cli_run: succeeded", watched, StringComparison.Ordinal);

        var shown = JsonDocument.Parse((await Cli("runs", "show", run, "--json")).Output).RootElement;
        Assert.Equal(("succeeded", 3, 1), (shown.GetProperty("state").GetString(), shown.GetProperty("rows").GetProperty("read").GetInt32(), shown.GetProperty("rows").GetProperty("rejected").GetInt32()));
        Assert.StartsWith("run", (await Cli("runs", "list", "--pipeline", "cli_run")).Output, StringComparison.Ordinal);
        Assert.NotEqual("", (await Cli("runs", "logs", run)).Output);
        Assert.Equal((1, $"error: Every job of {run} succeeded: there is nothing to retry.\n  Start a new run instead."), await Failed("runs", "retry", run));
        Assert.Equal((1, "error: There is no run 'run_none'.\n  GET /api/v1/runs lists them."), await Failed("runs", "show", "run_none"));

        Assert.Equal((0, "id  amount\n 2      20\n 1      10", "1–2 of 2 rows, version 0"), await Cli("tables", "rows", "bronze.cli_run", "--sort", "id", "--desc"));
        var rejects = JsonDocument.Parse((await Cli("tables", "rows", "bronze.cli_run", "--rejects", "--json")).Output).RootElement;
        Assert.Equal(1, rejects.GetProperty("total").GetInt32());
        Assert.Contains("3,x", rejects.GetProperty("rows")[0].GetRawText(), StringComparison.Ordinal);
        Assert.Contains("bronze.cli_run version 0: 2 rows", (await Cli("tables", "show", "bronze.cli_run")).Output, StringComparison.Ordinal);
        Assert.Equal((1, "error: 'nonsense' is no table.\n  Name it with its layer: bronze.x, silver.x or gold.x."), await Failed("tables", "show", "nonsense"));

        async Task<(int, string)> Failed(params string[] arguments)
        {
            var (failed, _, said) = await Cli(arguments);
            return (failed, said);
        }
    }

    [Fact]
    public async Task NoEnvironment_SaysHowToStartOne()
    {
        var folder = environment.Folder.At("nobody");
        Assert.Equal((1, "", $"error: No environment runs on {folder}.\n  Start one with: dotnet run --project AppHost, or name its folder with --data DIR, or its address with --url URL."),
            await CliAsync(folder, "pipelines", "list"));
    }

    private Task<(int Code, string Output, string Errors)> Cli(params string[] arguments) => CliAsync(environment.Data, arguments);

    /// <summary>Runs the tool as a person does.</summary>
    internal static async Task<(int Code, string Output, string Errors)> CliAsync(string data, params string[] arguments)
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "exec", Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Cli", configuration, "FlowForge.Cli.dll")), "--data", data }.Concat(arguments))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(AppHostProcess.Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        return (process.ExitCode, (await output).TrimEnd(), (await errors).TrimEnd());
    }
}
