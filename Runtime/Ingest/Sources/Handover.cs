using System.Threading.Channels;
using FlowForge.Catalog;
using FlowForge.Columnar;
using FlowForge.PluginHost.Rows;
using FlowForge.Plugins;

namespace FlowForge.Ingest.Sources;

/// <summary>
/// The place where a connector's batches become ours. The connector runs on its own thread and waits while a few batches lie here untaken; the taker never
/// waits for it longer than its cancellation. One taker.
/// </summary>
internal sealed class Handover : IDisposable
{
    private const int MostWaiting = 4;
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1500);
    private readonly Channel<SourceBatch> _queue = Channel.CreateBounded<SourceBatch>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop;
    private readonly Task _producing;
    private readonly TaskCompletionSource<Schema> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IJobLog _log;
    private readonly string _source;
    private readonly Action _idle;

    /// <param name="source">Shown in messages.</param>
    /// <param name="open">Starts the read.</param>
    /// <param name="idle">Called now and then while the taker waits.</param>
    /// <param name="log">Told of a connector that does not end when it should.</param>
    /// <param name="ct">Ends the read.</param>
    public Handover(string source, Func<CancellationToken, ValueTask<RowRead>> open, Action idle, IJobLog log, CancellationToken ct)
    {
        (_source, _idle, _log) = (source, idle, log);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Drivers block: not on the pool's threads.
        _producing = Task.Factory.StartNew(() => ProduceAsync(open, _stop.Token).GetAwaiter().GetResult(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The columns as they are known before the first row. Waits until the source has answered.</summary>
    public Schema Schema(CancellationToken ct) => _opened.Task.WaitAsync(ct).GetAwaiter().GetResult();

    /// <summary>The next batch, which stays ours; null at the end.</summary>
    public SourceBatch? Peek(CancellationToken ct)
    {
        SourceBatch next;
        while (!_queue.Reader.TryPeek(out next))
        {
            var waiting = _queue.Reader.WaitToReadAsync(ct).AsTask();
            while (!((IAsyncResult)waiting).AsyncWaitHandle.WaitOne(Idle)) _idle();
            if (!waiting.GetAwaiter().GetResult()) return null;
        }
        return next;
    }

    /// <summary>Takes the batch that <see cref="Peek"/> showed; the taker disposes it.</summary>
    public SourceBatch Take() => _queue.Reader.TryRead(out var batch) ? batch : throw new InvalidOperationException("There is no batch to take.");

    private async Task ProduceAsync(Func<CancellationToken, ValueTask<RowRead>> open, CancellationToken ct)
    {
        try
        {
            await using var read = await open(ct).ConfigureAwait(false);
            _opened.TrySetResult(read.Schema);
            await foreach (var batch in read.Batches.WithCancellation(ct).ConfigureAwait(false))
            {
                try { await _queue.Writer.WriteAsync(batch, ct).ConfigureAwait(false); }
                catch
                {
                    batch.Rows.Dispose();
                    throw;
                }
            }
            _queue.Writer.TryComplete();
        }
        catch (Exception e)
        {
            var failure = ct.IsCancellationRequested ? e : SourceFailures.From(_source, e);
            _opened.TrySetException(failure);
            _queue.Writer.TryComplete(failure);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        if (!_producing.Wait(Patience))
        {
            // Its thread ends when the driver gives up; what it hands over then goes nowhere.
            _log.Warning($"{_source} does not end although it was told to; it is left alone.");
            _ = _producing.ContinueWith(_ => Drop(), TaskScheduler.Default);
            return;
        }
        Drop();
    }

    private void Drop()
    {
        while (_queue.Reader.TryRead(out var left)) left.Rows.Dispose();
        _ = _opened.Task.Exception;
        _stop.Dispose();
    }
}
