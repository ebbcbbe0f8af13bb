using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.Batch;

/// <summary>The batch operations, running and done. Touched by the executor only.</summary>
internal sealed class BatchStore(ServerState server)
{
    private readonly Dictionary<(string Namespace, string JobId), BatchOperation> _operations = [];

    public void Load()
    {
        using var reader = server.Database.Reader();
        using var rows = reader.Read("SELECT namespace_id, state FROM records WHERE kind = $1", BatchOperation.Kind);
        while (rows.Read())
        {
            if (server.Namespaces.ById(rows.GetString(0)) is { } ns)
            {
                var operation = new BatchOperation(server, ns, BatchRecord.Parser.ParseFrom((byte[])rows[1]));
                _operations.Add((ns.Id, operation.Record.JobId), operation);
                server.Executor.Post(operation.Work);
            }
        }
    }

    public BatchOperation? Find(NamespaceEntry ns, string jobId) => _operations.GetValueOrDefault((ns.Id, jobId));

    public IEnumerable<BatchOperation> All(NamespaceEntry ns) => _operations.Values.Where(o => o.Namespace == ns);

    public void Begin(NamespaceEntry ns, BatchRecord record)
    {
        var operation = new BatchOperation(server, ns, record);
        _operations.Add((ns.Id, record.JobId), operation);
        server.Executor.Touch(operation);
        server.Executor.Post(operation.Work);
    }
}
