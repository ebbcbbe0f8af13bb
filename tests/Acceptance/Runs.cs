using System.Text;
using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Acceptance.Tests;

/// <summary>What the tests of pipelines over real sources have in common.</summary>
internal static class Runs
{
    /// <summary>Settings with which four jobs read at once whatever the machine: so that one kill can meet all of them.</summary>
    public static readonly IReadOnlyDictionary<string, string> FourAtOnce = new Dictionary<string, string> { ["Jobs__Parallel"] = "4" };

    /// <summary>Saves a connection and tests it.</summary>
    public static async Task ConnectAsync(this RunningEnvironment environment, string name, string connector, object settings, CancellationToken cancel)
    {
        await environment.Client.PutConnectionAsync(name, new PutConnection { Connector = connector, Settings = JsonSerializer.SerializeToElement(settings) }, cancel);
        var test = await environment.Client.TestConnectionAsync(new ConnectionChoice { Name = name }, cancel);
        Assert.True(test.Passed, $"{name}: {test.Message} {test.Suggestion}");
    }

    public static async Task<string> StartAsync(this RunningEnvironment environment, string pipeline, CancellationToken cancel)
    {
        string? run = null;
        await Wait.UntilAsync(async () => (run = (await environment.Client.StartRunAsync(new StartRun(pipeline), cancel)).Run) is not null, () => "the start of a run\n" + environment.Output, TimeSpan.FromSeconds(60), cancel);
        return run!;
    }

    /// <summary>Runs a pipeline to its end, which must be a good one with balanced rows.</summary>
    /// <param name="environment">Where.</param>
    /// <param name="pipeline">Its name.</param>
    /// <param name="output">Gets one line about the run.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <param name="kills">The runtime is killed when all doors of the first group hold (each then stands in the middle of its read), when it is up again and those of the second do, and so on; then they are opened.</param>
    public static async Task<RunDetail> RunAsync(this RunningEnvironment environment, string pipeline, ITestOutputHelper output, CancellationToken cancel, params IDoor[][] kills)
    {
        var run = await environment.StartAsync(pipeline, cancel);
        foreach (var doors in kills)
        {
            // Up again, if it was killed before: the process that is killed is one that works.
            await Wait.UntilAsync(async () => (await environment.Client.RunAsync(run, cancel)).FinishedAt is null, () => "the runtime\n" + environment.Output, TimeSpan.FromSeconds(60), cancel);
            await Wait.UntilAsync(() => Task.FromResult(doors.All(d => d.Holds)), () => $"the middle of the reads, there: {string.Join(' ', doors.Select(d => d.Holds))}\n{environment.Output}", TimeSpan.FromSeconds(120), cancel, every: 20);
            environment.Kill("FlowForge.Api");
            foreach (var door in doors) door.Open();
        }
        return await environment.GoodEndAsync(run, output, cancel);
    }

    /// <summary>The end of a run, which must be a good one with balanced rows.</summary>
    public static async Task<RunDetail> GoodEndAsync(this RunningEnvironment environment, string run, ITestOutputHelper output, CancellationToken cancel)
    {
        var detail = await environment.EndOfAsync(run, cancel);
        output.WriteLine($"{detail.State} in {detail.Seconds:0.0} s: {string.Join("; ", detail.Jobs.Select(j => $"{j.Name} attempt {j.Attempt} {j.Rows}"))}");
        Assert.True(detail.State == RunState.Succeeded, $"{detail.State} {detail.Error}\n{environment.Output}");
        Assert.All(detail.Jobs.Where(j => j.Id.StartsWith("ingest.", StringComparison.Ordinal)), j => Assert.True(j.Rows.Balanced, $"{j.Id}: {j.Rows}"));
        return detail;
    }

    /// <summary>The jobs that were in the middle when the runtime was killed have been tried again.</summary>
    public static void WereKilled(this RunDetail detail, params string[] jobs) => Assert.All(jobs, name => Assert.True(detail.Jobs.Single(j => j.Name == name) is { Attempt: > 1 }, $"{name} was not met by the kill."));

    /// <summary>The rows of a gold table, each as a line.</summary>
    public static async Task<string[]> GoldAsync(this RunningEnvironment environment, string table, CancellationToken cancel) =>
        [.. (await environment.Client.RowsAsync(TableLayer.Gold, table, new RowsQuery(), cancel)).Rows.Select(r => string.Join('|', r.Select(c => c.ToString())))];

    /// <summary>Nothing that was written below the folder holds the text.</summary>
    public static void AssertHoldsNowhere(string folder, string secret, string what)
    {
        var wanted = Encoding.UTF8.GetBytes(secret);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            try { Assert.False(File.ReadAllBytes(file).AsSpan().IndexOf(wanted) >= 0, $"{file} holds {what}."); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* gone, or another's */ }
        }
    }
}
