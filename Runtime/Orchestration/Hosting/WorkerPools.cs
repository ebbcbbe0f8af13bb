using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.TaskQueue.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Orchestration.Hosting;

/// <summary>A process that asks a task queue for work.</summary>
/// <param name="Identity"><c>pid@machine</c>, as workers of FlowForge call themselves.</param>
/// <param name="LastAskedAt">Null when the server does not say.</param>
public sealed record PoolPoller(string Identity, DateTimeOffset? LastAskedAt);

/// <summary>A task queue as Temporal sees it at this moment.</summary>
/// <param name="Pool">Null for the runtime's own queue.</param>
/// <param name="Pollers">Those that asked lately, newest first.</param>
/// <param name="Waiting">Tasks that nobody has taken yet; null when the server does not count them.</param>
/// <param name="OldestWaiting">How long the oldest of them has waited.</param>
public sealed record PoolState(string? Pool, string TaskQueue, IReadOnlyList<PoolPoller> Pollers, long? Waiting, TimeSpan? OldestWaiting);

/// <summary>Asks Temporal who works for which pool. Thread-safe.</summary>
public sealed class WorkerPools(TemporalConnection temporal)
{
    /// <summary>A server remembers pollers for minutes; a living one asks again within its long poll.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(75);

    /// <param name="pool">Null for the runtime's own queue, which has decisions as well as jobs.</param>
    /// <param name="patience">How long to wait for the server; null for as long as calls wait by the settings, repeated while it is away.</param>
    /// <exception cref="FlowForge.Temporal.Protocol.GrpcException">The server is away or refuses.</exception>
    public async Task<PoolState> LookAsync(string? pool, CancellationToken cancel, TimeSpan? patience = null)
    {
        var client = await temporal.GetAsync(cancel);
        var answers = new List<DescribeTaskQueueResponse>();
        foreach (var type in pool is null ? (TaskQueueType[])[TaskQueueType.Activity, TaskQueueType.Workflow] : [TaskQueueType.Activity])
        {
            answers.Add(await client.Service.CallAsync<DescribeTaskQueueResponse>(new DescribeTaskQueueRequest
            {
                Namespace = client.Namespace, TaskQueue = new TaskQueue { Name = RunNames.QueueOf(pool), Kind = TaskQueueKind.Normal }, TaskQueueType = type, ReportStats = true,
            }, cancel, patience is null ? null : new CallPolicy { Timeout = patience, RetryFor = TimeSpan.Zero }));
        }
        var since = DateTimeOffset.UtcNow - Lately;
        var stats = answers.Select(a => a.Stats).OfType<TaskQueueStats>().ToArray();
        return new(pool, RunNames.QueueOf(pool),
            [.. answers.SelectMany(a => a.Pollers).GroupBy(p => p.Identity, StringComparer.Ordinal)
                .Select(g => new PoolPoller(g.Key, g.Max(p => p.LastAccessTime?.ToDateTimeOffset()))).Where(p => p.LastAskedAt is not { } at || at > since).OrderByDescending(p => p.LastAskedAt)],
            stats.Length == 0 ? null : stats.Sum(s => s.ApproximateBacklogCount),
            stats.Where(s => s.ApproximateBacklogCount > 0).Select(s => (TimeSpan?)s.ApproximateBacklogAge?.ToTimeSpan()).Max());
    }
}
