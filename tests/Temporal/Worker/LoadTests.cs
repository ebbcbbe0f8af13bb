using System.Diagnostics;
using FlowForge.Temporal.Worker;

namespace FlowForge.Temporal.Tests;

public sealed class LoadTests(DevServerFixture server, ITestOutputHelper output)
{
    [Fact]
    public async Task RunAsync_TwoHundredWorkflowsOfThreeActivities_AllComplete()
    {
        await using var worker = new TestWorker(server.Client).Decider("wf", (h, t, d) =>
        {
            var done = h.Activities.Values.Count(a => a.IsCompleted);
            if (done == 3)
            {
                d.CompleteWorkflow(h.Activities.Values.Sum(a => a.Result<int>()));
            }
            else if (done == h.Activities.Count)
            {
                d.ScheduleActivity($"a{done}", "step", done, new ActivityOptions { StartToClose = TimeSpan.FromMinutes(1) });
            }
        }).Activity("step", c => Task.FromResult<object?>(c.Input<int>() + 1)).Run();
        var started = Stopwatch.GetTimestamp();

        var handles = new System.Collections.Concurrent.ConcurrentBag<WorkflowHandle>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) => handles.Add(await worker.StartAsync("wf")));
        var results = await Task.WhenAll(handles.Select(h => h.ResultAsync<int>())).WaitAsync(TestWorker.Patience);

        Assert.All(results, r => Assert.Equal(6, r));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        output.WriteLine($"200 workflows of 3 activities, on disk: {seconds:0.00} s, {200 / seconds:0} workflows/s");
    }
}
