using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Persistence;
using Microsoft.Data.Sqlite;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>
/// Finds runs, in memory or on disk. Open runs are always in memory; closed ones are read when asked for and let go again.
/// Touched by the executor only.
/// </summary>
internal sealed class ExecutionStore(ServerState server)
{
    private const int ClosedKept = 500;

    private readonly Dictionary<string, Execution> _byRun = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string WorkflowId), Execution> _latest = [];
    private readonly Queue<Execution> _closed = new();
    private readonly HashSet<long> _deleting = [];
    private long _lastKey;

    public int OpenCount => _byRun.Values.Count(e => e.IsOpen);

    public IEnumerable<Execution> Loaded => _byRun.Values;

    public long NextKey() => ++_lastKey;

    /// <summary>Makes a new run known; it becomes the current one of its workflow id.</summary>
    public void Add(Execution execution)
    {
        _byRun.Add(execution.RunId, execution);
        _latest[(execution.Namespace.Id, execution.WorkflowId)] = execution;
    }

    /// <summary>A closed run may leave memory once enough others have closed after it.</summary>
    public void Closed(Execution execution)
    {
        _closed.Enqueue(execution);
        while (_closed.Count > ClosedKept && _closed.TryDequeue(out var oldest))
        {
            if (oldest.IsOpen || oldest.Queries.Count > 0)
            {
                continue;
            }
            // Its rows may still be on their way to the disk: forget it when they have arrived.
            server.Executor.AfterCommit(() => server.Executor.Post(() => Evict(oldest)));
        }
    }

    /// <summary>The run, or null. An empty run id means the current run of the workflow id.</summary>
    public Execution? Find(string namespaceId, string workflowId, string runId)
    {
        if (runId.Length == 0)
        {
            return Latest(namespaceId, workflowId);
        }
        if (!_byRun.TryGetValue(runId, out var found))
        {
            found = Load("run_id = $1", runId);
        }
        if (found is not null && found.Namespace.Id == namespaceId && found.WorkflowId == workflowId)
        {
            return found;
        }
        return null;
    }

    public Execution? Latest(string namespaceId, string workflowId) =>
        _latest.TryGetValue((namespaceId, workflowId), out var latest)
            ? latest
            : Load("key = (SELECT max(key) FROM executions WHERE namespace_id = $1 AND workflow_id = $2)", namespaceId, workflowId);

    public Execution? ByKey(long key) => _byRun.Values.FirstOrDefault(e => e.Key == key) ?? Load("key = $1", key);

    /// <summary>Every run of a namespace, read into memory.</summary>
    public IReadOnlyList<Execution> AllOf(string namespaceId)
    {
        var keys = new List<long>();
        using (var reader = server.Database.Reader())
        using (var rows = reader.Read("SELECT key FROM executions WHERE namespace_id = $1", namespaceId))
        {
            while (rows.Read())
            {
                keys.Add(rows.GetInt64(0));
            }
        }
        var loaded = _byRun.Values.Where(e => e.Namespace.Id == namespaceId);
        return [.. keys.Select(ByKey).OfType<Execution>().Union(loaded)];
    }

    /// <summary>Takes a run out of memory and off the disk.</summary>
    public void Delete(Execution execution)
    {
        Evict(execution);
        // Until the deletion is on disk the rows are still there to be found.
        _deleting.Add(execution.Key);
        server.Executor.AfterCommit(() => server.Executor.Post(() => _deleting.Remove(execution.Key)));
        server.Executor.Forget(execution);
        server.Executor.Write(new ExecutionDeleted(execution.Key));
    }

    /// <summary>Some of the runs that closed before a moment, oldest first.</summary>
    public IReadOnlyList<Execution> ClosedBefore(string namespaceId, DateTime before, int limit)
    {
        var keys = new List<long>();
        using (var reader = server.Database.Reader())
        using (var rows = reader.Read(
            "SELECT key FROM executions WHERE close_time < $2 AND namespace_id = $1 ORDER BY close_time LIMIT $3", namespaceId, before.Ticks, limit))
        {
            while (rows.Read())
            {
                keys.Add(rows.GetInt64(0));
            }
        }
        return [.. keys.Select(ByKey).OfType<Execution>()];
    }

    /// <summary>At the start of the server: every open run comes back.</summary>
    public IReadOnlyList<Execution> LoadOpen()
    {
        using var reader = server.Database.Reader();
        using (var max = reader.Read("SELECT coalesce(max(key), 0) FROM executions"))
        {
            max.Read();
            _lastKey = max.GetInt64(0);
        }
        var keys = new List<long>();
        using (var rows = reader.Read("SELECT key FROM executions WHERE has_task = 1 ORDER BY key"))
        {
            while (rows.Read())
            {
                keys.Add(rows.GetInt64(0));
            }
        }
        return [.. keys.Select(k => Load("key = $1", k)).OfType<Execution>()];
    }

    private void Evict(Execution execution)
    {
        _byRun.Remove(execution.RunId);
        if (_latest.TryGetValue((execution.Namespace.Id, execution.WorkflowId), out var latest) && latest == execution)
        {
            _latest.Remove((execution.Namespace.Id, execution.WorkflowId));
        }
    }

    private Execution? Load(string where, params ReadOnlySpan<object?> values)
    {
        using var reader = server.Database.Reader();
        StoredExecution stored;
        long latestKey;
        using (var row = reader.Read(
            $"""
             SELECT key, namespace_id, workflow_id, run_id, state,
                 (SELECT max(key) FROM executions o WHERE o.namespace_id = e.namespace_id AND o.workflow_id = e.workflow_id)
             FROM executions e WHERE {where}
             """, values))
        {
            if (!row.Read())
            {
                return null;
            }
            var key = row.GetInt64(0);
            latestKey = row.GetInt64(5);
            if (_byRun.TryGetValue(row.GetString(3), out var known))
            {
                return known;
            }
            if (_deleting.Contains(key))
            {
                return null;
            }
            stored = new StoredExecution(key, row.GetString(1), row.GetString(2), row.GetString(3), (byte[])row[4], ReadEvents(reader, key), ReadActivities(reader, key));
        }
        if (server.Namespaces.ById(stored.NamespaceId) is not { } ns)
        {
            return null;
        }
        var execution = Execution.Restore(server, ns, stored);
        _byRun.Add(execution.RunId, execution);
        if (latestKey == execution.Key)
        {
            _latest.TryAdd((ns.Id, execution.WorkflowId), execution);
        }
        if (!execution.IsOpen)
        {
            Closed(execution);
        }
        return execution;
    }

    private static List<HistoryEvent> ReadEvents(Database.ReaderLease reader, long key)
    {
        var events = new List<HistoryEvent>();
        using var rows = reader.Read("SELECT events FROM events WHERE execution_key = $1 ORDER BY first_event_id", key);
        while (rows.Read())
        {
            events.AddRange(Temporalio.Api.History.V1.History.Parser.ParseFrom((byte[])rows[0]).Events);
        }
        return events;
    }

    private static List<(long, byte[])> ReadActivities(Database.ReaderLease reader, long key)
    {
        var activities = new List<(long, byte[])>();
        using var rows = reader.Read("SELECT scheduled_event_id, state FROM activities WHERE execution_key = $1", key);
        while (rows.Read())
        {
            activities.Add((rows.GetInt64(0), (byte[])rows[1]));
        }
        return activities;
    }
}
