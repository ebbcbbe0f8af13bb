using FlowForge.Temporal.Protocol;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Takes workflow tasks and activities from one task queue: the deciders and functions that were added. Add first, then run once. Many workers, here or on
/// other machines, may share a queue.
/// </summary>
public sealed class WorkflowWorker
{
    private readonly Dictionary<string, IDecider> _deciders = [];
    private readonly Dictionary<string, ActivityFunction> _functions = [];
    private readonly WorkerScope _scope;
    private readonly ActivityDrain _drain = new();
    private int _started;

    public WorkflowWorker(TemporalClient client, WorkerOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConcurrentActivities, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConcurrentWorkflowTasks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Pollers, 1);
        _scope = new WorkerScope(client, options, options.Identity ?? client.Identity, Guid.NewGuid().ToString(), options.LoggerFactory.CreateLogger<WorkflowWorker>());
    }

    /// <summary>Activities that run now.</summary>
    public int RunningActivities => _drain.Count;

    /// <exception cref="ArgumentException">The type is already added.</exception>
    public WorkflowWorker Add(string workflowType, IDecider decider)
    {
        ArgumentNullException.ThrowIfNull(decider);
        _deciders.Add(workflowType, decider);
        return this;
    }

    /// <exception cref="ArgumentException">The type is already added.</exception>
    public WorkflowWorker AddActivity(string activityType, ActivityFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        _functions.Add(activityType, function);
        return this;
    }

    /// <summary>
    /// Works until <paramref name="cancellation"/>, through any outage of the server. Then it takes no more tasks, lets running activities finish for
    /// <see cref="WorkerOptions.GracefulShutdown"/>, cancels the rest, and returns when each is reported, so that the server can give them to another
    /// worker at once. Returns normally after a stop.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _started, 1) == 1)
        {
            throw new InvalidOperationException($"The worker of task queue '{_scope.Options.TaskQueue}' runs or ran already; make a new one.");
        }
        if (_deciders.Count == 0 && _functions.Count == 0)
        {
            throw new InvalidOperationException($"The worker of task queue '{_scope.Options.TaskQueue}' has neither deciders nor activities; add some before it runs.");
        }
        using var abort = new CancellationTokenSource();
        var decisions = new WorkflowTaskRunner(_scope, _deciders);
        var activities = new ActivityRunner(_scope, _functions, cancellation);
        using var workflowPoller = new Poller<PollWorkflowTaskQueueResponse>(_scope, "workflow", _scope.Options.MaxConcurrentWorkflowTasks,
            PollWorkflow, r => r.TaskToken.IsEmpty, decisions.RunAsync);
        using var activityPoller = new Poller<PollActivityTaskQueueResponse>(_scope, "activity", _scope.Options.MaxConcurrentActivities,
            PollActivity, r => r.TaskToken.IsEmpty, r => activities.RunAsync(r, _drain));
        var polling = Task.WhenAll(
            _deciders.Count > 0 ? workflowPoller.RunAsync(cancellation, abort.Token) : Task.CompletedTask,
            _functions.Count > 0 ? activityPoller.RunAsync(cancellation, abort.Token) : Task.CompletedTask);

        await Task.WhenAny(polling, Task.Delay(Timeout.Infinite, cancellation)).ConfigureAwait(false);
        _scope.Logger.LogInformation("The worker of {TaskQueue} stops: {Count} activities run", _scope.Options.TaskQueue, _drain.Count);
        await EndPollsAsync(polling, abort).ConfigureAwait(false);
        await DrainAsync(Task.WhenAll(workflowPoller.IdleAsync(), activityPoller.IdleAsync())).ConfigureAwait(false);
    }

    private PollWorkflowTaskQueueRequest PollWorkflow() => new()
    {
        Namespace = _scope.Client.Namespace,
        TaskQueue = WireMaps.Queue(_scope.Options.TaskQueue),
        Identity = _scope.Identity,
        WorkerInstanceKey = _scope.InstanceKey,
    };

    private PollActivityTaskQueueRequest PollActivity() => new()
    {
        Namespace = _scope.Client.Namespace,
        TaskQueue = WireMaps.Queue(_scope.Options.TaskQueue),
        Identity = _scope.Identity,
        WorkerInstanceKey = _scope.InstanceKey,
    };

    /// <summary>
    /// Asks the server to end this worker's polls. Only if it does not know how are they broken off: a task that it was handing over in that moment would
    /// then have to time out.
    /// </summary>
    private async Task EndPollsAsync(Task polling, CancellationTokenSource abort)
    {
        try
        {
            var request = new ShutdownWorkerRequest
            {
                Namespace = _scope.Client.Namespace,
                Identity = _scope.Identity,
                Reason = "graceful shutdown",
                WorkerInstanceKey = _scope.InstanceKey,
                TaskQueue = _scope.Options.TaskQueue,
            };
            request.TaskQueueTypes.Add([TaskQueueType.Workflow, TaskQueueType.Activity]);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await _scope.Client.Service.CallAsync<ShutdownWorkerResponse>(request, limit.Token, CallPolicy.Once).ConfigureAwait(false);
            await polling.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is GrpcException or OperationCanceledException)
        {
            _scope.Logger.LogDebug("The server did not end the polls ({Reason}); they are broken off", e.Message);
            await abort.CancelAsync().ConfigureAwait(false);
            await polling.ConfigureAwait(false);
        }
    }

    private async Task DrainAsync(Task idle)
    {
        if (await Within(idle, _scope.Options.GracefulShutdown).ConfigureAwait(false))
        {
            return;
        }
        _scope.Logger.LogInformation("Cancelling {Count} activities that did not finish within {Seconds} s", _drain.Count, _scope.Options.GracefulShutdown.TotalSeconds);
        _drain.CancelAll();
        if (await Within(idle, _scope.Options.CancelGrace).ConfigureAwait(false))
        {
            return;
        }
        _scope.Logger.LogWarning("{Count} activities did not stop when cancelled; they are reported as failed", _drain.Count);
        _drain.AbandonAll();
        await idle.ConfigureAwait(false);
    }

    private static async Task<bool> Within(Task task, TimeSpan limit)
    {
        await Task.WhenAny(task, Task.Delay(limit)).ConfigureAwait(false);
        return task.IsCompleted;
    }
}
