using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using FlowForge.Temporal.Worker;

namespace FlowForge.Temporal.Tests;

/// <summary>What the documentation shows is what compiles and runs here.</summary>
public sealed partial class DocsTests(DevServerFixture server)
{
    [Fact]
    public async Task Example_RunsAgainstTheServer()
    {
        using var stopping = new CancellationTokenSource();
        var stop = stopping.Token;
        var address = server.Options.Address;

        await using var client = await TemporalClient.ConnectAsync(new TemporalOptions { Address = address });
        var worker = new WorkflowWorker(client, new WorkerOptions { TaskQueue = "tables" })
            .Add("load-and-build", new LoadAndBuild())
            .AddActivity("load-table", async context =>
            {
                await Task.Delay(10, context.CancellationToken);
                context.Heartbeat(new { Rows = 42 });
                return 42L;
            });
        var running = worker.RunAsync(stop);

        var run = await client.StartWorkflowAsync("load-and-build", "orders", new StartWorkflowOptions { Id = "load/orders", TaskQueue = "tables" });
        var rows = await run.ResultAsync<long>();

        Assert.Equal(42, rows);
        await stopping.CancelAsync();
        await running;
    }

    [Fact]
    public void Document_EachExample_IsInTheTests()
    {
        var here = Path.GetDirectoryName(SourceFile())!;
        var document = File.ReadAllText(Path.Combine(here, "..", "..", "..", "Runtime", "docs", "temporal.md"));
        var tested = Squeeze(File.ReadAllText(Path.Combine(here, "LoadAndBuild.cs")) + File.ReadAllText(SourceFile()));

        var examples = Example().Matches(document).Select(m => m.Groups[1].Value).ToList();

        Assert.NotEmpty(examples);
        Assert.All(examples, e => Assert.Contains(Squeeze(e), tested, StringComparison.Ordinal));
    }

    [Fact]
    public void Document_Settings_AreTheProperties()
    {
        var here = Path.GetDirectoryName(SourceFile())!;
        var document = File.ReadAllText(Path.Combine(here, "..", "..", "..", "Runtime", "docs", "temporal.md"));
        var properties = typeof(TemporalOptions).GetProperties().Select(p => p.Name).ToHashSet();

        var settings = Setting().Matches(document).Select(m => m.Groups[1].Value).Distinct().ToList();

        Assert.NotEmpty(settings);
        Assert.Empty(settings.Except(properties));
    }

    private static string Squeeze(string text) => Space().Replace(text, " ");

    private static string SourceFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex("`Temporal:([A-Za-z]+)`")]
    private static partial Regex Setting();

    [GeneratedRegex("\\s+")]
    private static partial Regex Space();
}
