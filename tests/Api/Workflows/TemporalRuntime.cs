using FlowForge.Temporal.DevServer;
using FlowForge.Temporal.Worker;
using Server = FlowForge.Temporal.DevServer.DevServer;

namespace FlowForge.Api.Tests.Workflows;

/// <summary>A runtime beside an embedded Temporal server, and a worker of these tests with a workflow that does what its input says.</summary>
public sealed class TemporalRuntime : TestRuntime
{
    public const string Queue = "api-tests";
    private readonly CancellationTokenSource stop = new();
    private Server server = null!;
    private Task working = Task.CompletedTask;

    public TemporalClient Temporal { get; private set; } = null!;

    protected override string TemporalAddress => server.Address;

    public override async ValueTask InitializeAsync()
    {
        server = await Server.StartAsync(new DevServerOptions { Port = 0, Namespaces = ["default", "second"] });
        Temporal = await TemporalClient.ConnectAsync(new TemporalOptions { Address = server.Address });
        var worker = new WorkflowWorker(Temporal, new WorkerOptions { TaskQueue = Queue, GracefulShutdown = TimeSpan.FromMilliseconds(100), CancelGrace = TimeSpan.FromSeconds(1) })
            .Add("obedient", new ObedientDecider())
            .AddActivity("stumble", context => throw new InvalidOperationException("the disk is full"))
            .AddActivity("beat", async context =>
            {
                context.Heartbeat(new { rows = 42 });
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
                return null;
            });
        working = Task.Run(() => worker.RunAsync(stop.Token));
        await base.InitializeAsync();
    }

    public Task<WorkflowHandle> StartAsync(string id, object? input, string type = "obedient", string queue = Queue) =>
        Temporal.StartWorkflowAsync(type, input, new StartWorkflowOptions { Id = id, TaskQueue = queue, Summary = "does as it is told" });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await stop.CancelAsync();
        await working.WaitAsync(TimeSpan.FromSeconds(30));
        await Temporal.DisposeAsync();
        await server.DisposeAsync();
        stop.Dispose();
    }
}

/// <summary>Input: <c>complete</c>, <c>fail</c>, <c>stumble</c> (an activity that is retried), <c>beat</c> (one that goes on), <c>timer</c>, <c>child</c>; anything else waits for the signal <c>go</c>.</summary>
public sealed class ObedientDecider : IDecider
{
    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var d = Decision.For(history, task);
        foreach (var query in task.Queries)
        {
            if (query.Name == "told")
                d.Answer(query, history.Started.Input<string>());
            else
                d.FailQuery(query, $"there is no query '{query.Name}'");
        }
        if (history.IsClosed)
            return d.Build();
        var signal = history.Signals.FirstOrDefault(s => s.Name == "go");
        switch (history.Started.Input<string>())
        {
            case "complete":
                d.CompleteWorkflow(new { answer = 42 });
                break;
            case "fail":
                d.FailWorkflow(new ApplicationFailure("no such file: ünïcode.csv", "FF2001"));
                break;
            case "stumble" or "beat" when history.Activities.Count == 0:
                d.ScheduleActivity("a1", history.Started.Input<string>()!, new { table = "orders" }, new ActivityOptions
                {
                    StartToClose = TimeSpan.FromHours(1), Heartbeat = TimeSpan.FromSeconds(30), Retry = new RetryOptions { InitialInterval = TimeSpan.FromMinutes(10), MaximumAttempts = 5 }
                });
                break;
            case "timer" when history.Timers.Count == 0:
                d.StartTimer("soon", TimeSpan.FromMilliseconds(1));
                d.StartTimer("tomorrow", TimeSpan.FromDays(1));
                break;
            case "child" when history.Children.Count == 0:
                d.StartChild(task.WorkflowId + "/child", "obedient", "wait");
                break;
        }
        if (d.IsClosing)
            return d.Build();
        if (signal is not null)
            d.CompleteWorkflow(signal.Input<object>());
        else if (history.CancelRequested)
            d.CancelWorkflow();
        return d.Build();
    }
}

[CollectionDefinition(Name)]
public sealed class TemporalCollection : ICollectionFixture<TemporalRuntime>
{
    public const string Name = "temporal";
}
