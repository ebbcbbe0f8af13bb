using System.Runtime.CompilerServices;
using System.Threading.Channels;
using FlowForge.Columnar;
using Npgsql;

namespace FlowForge.Plugins.Postgres;

/// <summary>
/// Runs a plan's statements on several connections that all see one snapshot, and gives their batches in the order in which they come.
/// At most two batches a reader wait.
/// </summary>
/// <param name="server">For the readers' own connections.</param>
/// <param name="snapshot">An exported snapshot whose transaction stays open until the reading ends; null when one reader makes its own.</param>
internal sealed class SnapshotReader(Server server, ReadPlan plan, string? snapshot)
{
    private int _next = -1;

    public async IAsyncEnumerable<RecordBatch> ReadAsync(int readers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        readers = Math.Clamp(Math.Min(readers, plan.Statements.Count), 1, snapshot is null ? 1 : int.MaxValue);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var channel = Channel.CreateBounded<RecordBatch>(new BoundedChannelOptions(2 * readers) { SingleReader = true });
        var tasks = Enumerable.Range(0, readers).Select(_ => Task.Factory.StartNew(() => Work(channel.Writer, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
        var all = Task.WhenAll(tasks);
        _ = all.ContinueWith(t => channel.Writer.TryComplete(tasks.FirstOrDefault(x => x.IsFaulted)?.Exception!.InnerException ?? (t.IsCanceled ? new OperationCanceledException(stop.Token) : null)), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        foreach (var task in tasks)
            _ = task.ContinueWith(_ => stop.Cancel(), CancellationToken.None, TaskContinuationOptions.NotOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await foreach (var batch in channel.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                // Once handed over it is the caller's.
                if (cancellationToken.IsCancellationRequested)
                {
                    batch.Dispose();
                    break;
                }
                yield return batch;
            }
            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            while (!all.IsCompleted)
            {
                while (channel.Reader.TryRead(out var left)) left.Dispose();
                await Task.WhenAny(all, channel.Reader.WaitToReadAsync(CancellationToken.None).AsTask()).ConfigureAwait(false);
                if (channel.Reader.Completion.IsCompleted) break;
            }
            while (channel.Reader.TryRead(out var left)) left.Dispose();
            await all.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    private void Work(ChannelWriter<RecordBatch> batches, CancellationToken stop)
    {
        try
        {
            using var connection = server.OpenAsync(stop).GetAwaiter().GetResult();
            Execute(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            if (snapshot is not null) Execute(connection, $"SET TRANSACTION SNAPSHOT {Sql.Text(snapshot)}");
            var reader = new CopyReader(plan.Columns, plan.Schema, plan.Where);
            while (Interlocked.Increment(ref _next) is var part && part < plan.Statements.Count) Copy(connection, plan.Statements[part], reader, batches, stop);
        }
        catch (Exception e)
        {
            throw Failures.From(e, plan.Where, stop);
        }
    }

    private static void Copy(NpgsqlConnection connection, string statement, CopyReader reader, ChannelWriter<RecordBatch> batches, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        using var copy = connection.BeginRawBinaryCopy($"COPY ({statement}) TO STDOUT (FORMAT binary)");
        using (stop.Register(static c => ((NpgsqlRawCopyStream)c!).Cancel(), copy))
        {
            foreach (var batch in reader.Read(copy))
            {
                try
                {
                    if (!batches.TryWrite(batch)) batches.WriteAsync(batch, stop).AsTask().GetAwaiter().GetResult();
                }
                catch
                {
                    batch.Dispose();
                    throw;
                }
            }
        }
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
