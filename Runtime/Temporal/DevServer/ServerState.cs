using FlowForge.Temporal.DevServer.Batch;
using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Hosting;
using FlowForge.Temporal.DevServer.Matching;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.DevServer.Schedules;

namespace FlowForge.Temporal.DevServer;

/// <summary>All that the server knows, in one place. Everything but the database's readers belongs to the executor.</summary>
internal sealed class ServerState : IDisposable
{
    private readonly CommitWriter _writer;
    private long _taskId;

    public ServerState(DevServerOptions options, Database database, ServerMetrics metrics, Action<Exception> crashed)
    {
        Options = options;
        Database = database;
        Metrics = metrics;
        _writer = new CommitWriter(database) { Committed = metrics.Committed };
        Executor = new Executor(options.Clock, _writer, crashed);
        Namespaces = new NamespaceStore(this);
        Executions = new ExecutionStore(this);
        TaskQueues = new TaskQueues(this);
        Schedules = new ScheduleStore(this);
        Batches = new BatchStore(this);
        _taskId = options.Clock.GetUtcNow().ToUnixTimeMilliseconds() << 12;
    }

    public DevServerOptions Options { get; }

    public Database Database { get; }

    public ServerMetrics Metrics { get; }

    public Executor Executor { get; }

    public NamespaceStore Namespaces { get; }

    public ExecutionStore Executions { get; }

    public TaskQueues TaskQueues { get; }

    public ScheduleStore Schedules { get; }

    public BatchStore Batches { get; }

    /// <summary>Queries that travel by themselves, by the id in their token.</summary>
    public Dictionary<string, PendingQuery> DirectQueries { get; } = new(StringComparer.Ordinal);

    public long NextTaskId() => ++_taskId;

    /// <summary>Brings back what the last process left: namespaces, open runs, schedules.</summary>
    public Task RecoverAsync() => Executor.Run(() =>
    {
        Namespaces.Load(Options.Namespaces, Options.SearchAttributes);
        foreach (var execution in Executions.LoadOpen())
        {
            execution.Resume();
        }
        Schedules.Load();
        Batches.Load();
        Sweeper.Start(this);
        return true;
    });

    public void Dispose()
    {
        Executor.Dispose();
        _writer.Dispose();
    }
}
