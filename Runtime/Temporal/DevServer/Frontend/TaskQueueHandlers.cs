using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.Protocol.Server;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>What waits in task queues, and who polls them.</summary>
internal sealed class TaskQueueHandlers(ServerState server)
{
    public Task<DescribeTaskQueueResponse> DescribeTaskQueue(DescribeTaskQueueRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.TaskQueue is not { Name.Length: > 0 })
        {
            throw Requests.Invalid("TaskQueue is not set on request.");
        }
        return server.Executor.Run(() =>
        {
            var response = new DescribeTaskQueueResponse();
            if (request.ApiMode == DescribeTaskQueueMode.Enhanced)
            {
                var version = new TaskQueueVersionInfo();
                foreach (var type in request.TaskQueueTypes.Count > 0 ? request.TaskQueueTypes.ToArray() : [TaskQueueType.Workflow, TaskQueueType.Activity])
                {
                    var queue = server.TaskQueues.Find(ns.Id, request.TaskQueue.Name, type);
                    version.TypesInfo[(int)type] = new TaskQueueTypeInfo { Pollers = { Pollers(queue) }, Stats = Stats(queue) };
                }
                response.VersionsInfo[""] = version;
                return response;
            }
            var wanted = request.TaskQueueType == TaskQueueType.Unspecified ? TaskQueueType.Workflow : request.TaskQueueType;
            var described = server.TaskQueues.Find(ns.Id, request.TaskQueue.Name, wanted);
            response.Pollers.AddRange(Pollers(described));
            if (request.ReportStats)
            {
                response.Stats = Stats(described);
            }
            if (request.IncludeTaskQueueStatus)
            {
                response.TaskQueueStatus = new TaskQueueStatus { BacklogCountHint = described?.Backlog.Count() ?? 0 };
            }
            return response;
        });
    }

    public Task<ListTaskQueuePartitionsResponse> ListTaskQueuePartitions(ListTaskQueuePartitionsRequest request, GrpcCall call)
    {
        server.Namespaces.Require(request.Namespace);
        var partition = new TaskQueuePartitionMetadata { Key = request.TaskQueue?.Name ?? "", OwnerHostName = "embedded" };
        return Task.FromResult(new ListTaskQueuePartitionsResponse { ActivityTaskQueuePartitions = { partition }, WorkflowTaskQueuePartitions = { partition } });
    }

    private IEnumerable<PollerInfo> Pollers(TaskQueue? queue)
    {
        queue?.ForgetOldPollers(server.Executor.Now - TaskQueue.PollerMemory);
        return (queue?.Pollers ?? new Dictionary<string, DateTime>()).OrderByDescending(p => p.Value)
            .Select(p => new PollerInfo { Identity = p.Key, LastAccessTime = Times.Stamp(p.Value), RatePerSecond = 100_000 });
    }

    private TaskQueueStats Stats(TaskQueue? queue)
    {
        var waiting = queue?.Backlog.ToArray() ?? [];
        var (added, dispatched) = queue?.Rates() ?? (0, 0);
        return new TaskQueueStats
        {
            ApproximateBacklogCount = waiting.Length,
            ApproximateBacklogAge = Duration.FromTimeSpan(waiting.Length == 0 ? TimeSpan.Zero : server.Executor.Now - waiting.Min(t => t.Added)),
            TasksAddRate = added,
            TasksDispatchRate = dispatched,
        };
    }
}
