namespace FlowForge.Temporal.DevServer.Matching;

/// <summary>All task queues, made on first use. Nothing here is stored: the runs know what waits, and queue it again at start.</summary>
internal sealed class TaskQueues(ServerState server)
{
    private readonly Dictionary<(string Namespace, string Name, TaskQueueType Type), TaskQueue> _queues = [];

    public IEnumerable<TaskQueue> All => _queues.Values;

    public TaskQueue Get(string namespaceId, string name, TaskQueueType type)
    {
        var key = (namespaceId, name, type);
        if (!_queues.TryGetValue(key, out var queue))
        {
            queue = new TaskQueue(server, name, type);
            _queues.Add(key, queue);
        }
        return queue;
    }

    public TaskQueue? Find(string namespaceId, string name, TaskQueueType type) => _queues.GetValueOrDefault((namespaceId, name, type));

    /// <summary>Forgets queues that nobody has used for a day (sticky ones for an hour).</summary>
    public void Sweep(DateTime now)
    {
        foreach (var (key, queue) in _queues.ToArray())
        {
            queue.ForgetOldPollers(now - TaskQueue.PollerMemory);
            if (queue.IsIdle && now - queue.LastUsed > TimeSpan.FromHours(queue.IsSticky ? 1 : 24))
            {
                _queues.Remove(key);
            }
        }
    }

    /// <summary>A worker leaves: its polls end at once.</summary>
    public void ReleasePollers(string workerInstanceKey)
    {
        foreach (var queue in _queues.Values)
        {
            queue.Release(p => p.WorkerInstanceKey == workerInstanceKey);
        }
    }
}
