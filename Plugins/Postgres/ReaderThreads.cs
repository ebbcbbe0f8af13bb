using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FlowForge.Plugins.Postgres;

/// <summary>Threads that read, each on a connection of its own, and whose batches come out in the order in which they are ready. At most two batches a thread wait.</summary>
internal static class ReaderThreads
{
    /// <param name="threads">How many.</param>
    /// <param name="work">What each does: it hands its batches over, and ends soon when it is told to stop.</param>
    /// <param name="cancellationToken">Stops all; the caller owns the batches that it got.</param>
    public static async IAsyncEnumerable<SourceBatch> RunAsync(int threads, Action<Action<SourceBatch>, CancellationToken> work, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var channel = Channel.CreateBounded<SourceBatch>(new BoundedChannelOptions(2 * threads) { SingleReader = true });
        var tasks = Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(() => work(batch => Put(channel.Writer, batch, stop.Token), stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
        var all = Task.WhenAll(tasks);
        _ = all.ContinueWith(t => channel.Writer.TryComplete(Cause(tasks) ?? (t.IsCanceled ? new OperationCanceledException(stop.Token) : null)), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        foreach (var task in tasks)
            _ = task.ContinueWith(_ => stop.Cancel(), CancellationToken.None, TaskContinuationOptions.NotOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await foreach (var batch in channel.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                // Once handed over it is the caller's.
                if (cancellationToken.IsCancellationRequested)
                {
                    batch.Rows.Dispose();
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
                while (channel.Reader.TryRead(out var left)) left.Rows.Dispose();
                await Task.WhenAny(all, channel.Reader.WaitToReadAsync(CancellationToken.None).AsTask()).ConfigureAwait(false);
                if (channel.Reader.Completion.IsCompleted) break;
            }
            while (channel.Reader.TryRead(out var left)) left.Rows.Dispose();
            await all.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    /// <summary>Why the reading failed. Who was stopped because another one had failed says only that.</summary>
    private static Exception? Cause(IEnumerable<Task> tasks) => tasks.Where(t => t.IsFaulted).Select(t => t.Exception!.InnerException).OrderBy(e => e is OperationCanceledException).FirstOrDefault();

    private static void Put(ChannelWriter<SourceBatch> batches, SourceBatch batch, CancellationToken stop)
    {
        try
        {
            if (!batches.TryWrite(batch)) batches.WriteAsync(batch, stop).AsTask().GetAwaiter().GetResult();
        }
        catch
        {
            batch.Rows.Dispose();
            throw;
        }
    }
}
