using FlowForge.Temporal.Worker;

namespace FlowForge.Temporal.Tests;

/// <summary>A worker on a task queue of its own that runs while a test does.</summary>
public sealed class TestWorker : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public TestWorker(TemporalClient client, Func<WorkerOptions, WorkerOptions>? options = null, string? queue = null)
    {
        Client = client;
        Queue = queue ?? "queue-" + Guid.NewGuid().ToString("N");
        var all = new WorkerOptions { TaskQueue = Queue, GracefulShutdown = TimeSpan.FromMilliseconds(200), CancelGrace = TimeSpan.FromSeconds(2) };
        Worker = new WorkflowWorker(client, options?.Invoke(all) ?? all);
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    public TemporalClient Client { get; }

    public string Queue { get; }

    public WorkflowWorker Worker { get; }

    public TestWorker Decider(string type, Action<WorkflowHistory, WorkflowTask, DecisionBuilder> decide)
    {
        Worker.Add(type, new LambdaDecider(decide));
        return this;
    }

    public TestWorker Activity(string type, ActivityFunction function)
    {
        Worker.AddActivity(type, function);
        return this;
    }

    /// <summary>A decider that runs one activity and ends as it does.</summary>
    public TestWorker OneActivity(string workflowType, string activityType, ActivityOptions options) => Decider(workflowType, (h, t, d) =>
    {
        var activity = h.Activities.GetValueOrDefault("a");
        if (activity is null)
        {
            d.ScheduleActivity("a", activityType, h.Started.Input<object>(), options);
        }
        else if (activity.Status == ActivityStatus.Completed)
        {
            d.CompleteWorkflow(activity.Result<object>());
        }
        else if (activity.Status == ActivityStatus.Cancelled)
        {
            d.CancelWorkflow(activity.CancelDetails<object>());
        }
        else if (activity.IsClosed)
        {
            d.FailWorkflow(activity.Error!);
        }
        else if (h.CancelRequested)
        {
            d.CancelActivity("a");
        }
    });

    public TestWorker Run()
    {
        _running = Task.Run(() => Worker.RunAsync(_stop.Token));
        return this;
    }

    public Task<WorkflowHandle> StartAsync(string type, object? input = null, Func<StartWorkflowOptions, StartWorkflowOptions>? options = null)
    {
        var all = new StartWorkflowOptions { Id = "wf-" + Guid.NewGuid().ToString("N"), TaskQueue = Queue };
        return Client.StartWorkflowAsync(type, input, options?.Invoke(all) ?? all);
    }

    /// <summary>Stops the worker and waits for it.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }
}
