using System.Collections.Concurrent;
using System.Diagnostics;
using FlowForge.Temporal.DevServer.Engine;

namespace FlowForge.Temporal.DevServer.Persistence;

/// <summary>
/// The only writer: one thread, one connection, one transaction per batch, synced to disk before any answer of the batch leaves.
/// </summary>
internal sealed class CommitWriter : IDisposable
{
    private readonly BlockingCollection<(CommitBatch Batch, Action<Exception?> Done)> _batches = [];
    private readonly Database _database;
    private readonly Thread _thread;

    public CommitWriter(Database database)
    {
        _database = database;
        _thread = new Thread(Loop) { IsBackground = true, Name = "commit-writer" };
        _thread.Start();
    }

    /// <summary>Told after each commit: rows written, answers released, duration.</summary>
    public Action<int, int, TimeSpan>? Committed { get; set; }

    /// <summary>Queues a batch; <paramref name="done"/> runs on the writer's thread, with the error when the disk refused.</summary>
    public void Commit(CommitBatch batch, Action<Exception?> done) => _batches.Add((batch, done));

    private void Loop()
    {
        using var connection = _database.OpenWriter();
        using var statements = new SqliteStatements(connection);
        foreach (var (batch, done) in _batches.GetConsumingEnumerable())
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                using (var transaction = connection.BeginTransaction(deferred: false))
                {
                    statements.Transaction = transaction;
                    foreach (var change in batch.Changes)
                    {
                        change.Write(statements);
                    }
                    transaction.Commit();
                }
            }
            catch (Exception e)
            {
                done(e);
                var unavailable = new GrpcException(GrpcCode.Unavailable, $"the server could not write to its database: {e.Message}", [], e);
                batch.Replies.ForEach(r => r.Fail(unavailable));
                continue;
            }
            done(null);
            foreach (var reply in batch.Replies)
            {
                reply.Release();
            }
            Committed?.Invoke(batch.Changes.Count, batch.Replies.Count, Stopwatch.GetElapsedTime(started));
        }
    }

    /// <summary>Writes what is queued, then ends the thread.</summary>
    public void Dispose()
    {
        _batches.CompleteAdding();
        _thread.Join();
        _batches.Dispose();
    }
}
