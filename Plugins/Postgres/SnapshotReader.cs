namespace FlowForge.Plugins.Postgres;

/// <summary>Runs a plan's statements on several connections that all see one snapshot, and gives their batches in the order in which they come.</summary>
/// <param name="server">For the readers' own connections.</param>
/// <param name="snapshot">An exported snapshot whose transaction stays open until the reading ends; null when one reader makes its own.</param>
internal sealed class SnapshotReader(Server server, ReadPlan plan, string? snapshot)
{
    private int _next = -1, _readers;

    public IAsyncEnumerable<SourceBatch> ReadAsync(int readers, CancellationToken cancellationToken)
    {
        _readers = Math.Clamp(Math.Min(readers, plan.Statements.Count), 1, snapshot is null ? 1 : int.MaxValue);
        return ReaderThreads.RunAsync(_readers, Work, cancellationToken);
    }

    private void Work(Action<SourceBatch> put, CancellationToken stop)
    {
        try
        {
            using var session = server.OpenCopy(stop);
            session.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            if (snapshot is not null) session.Execute($"SET TRANSACTION SNAPSHOT {Sql.Text(snapshot)}");
            var reader = new CopyReader(plan.Columns, plan.Schema, plan.Where);
            for (var statement = Next(stop); statement is not null;)
            {
                var then = Ahead(stop);
                session.CopyOut(statement, then, copy =>
                {
                    foreach (var batch in reader.Read(copy)) put(new SourceBatch(batch));
                }, stop);
                statement = then ?? Next(stop);
            }
        }
        catch (Exception e)
        {
            throw Failures.From(e, plan.Where, stop);
        }
    }

    /// <summary>The statement after the one that is being read, so that the server goes on without being asked again. The last ones are left to whoever is free first.</summary>
    private string? Ahead(CancellationToken stop) => plan.Statements.Count - 1 - Volatile.Read(ref _next) >= _readers ? Next(stop) : null;

    private string? Next(CancellationToken stop)
    {
        if (Interlocked.Increment(ref _next) is var part && part >= plan.Statements.Count) return null;
        server.WaitForPace(stop);
        return plan.Statements[part];
    }
}
