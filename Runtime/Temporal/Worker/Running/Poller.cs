using System.Diagnostics;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Long polls for one kind of task. A slot is taken before each poll, so nothing is fetched that cannot start at once. While the server is away it tries
/// again with growing pauses, for ever.
/// </summary>
internal sealed class Poller<TResponse>(WorkerScope worker, string kind, int slots, Func<IMessage> request, Func<TResponse, bool> isEmpty, Func<TResponse, Task> handle)
    : IDisposable
    where TResponse : IMessage<TResponse>, new()
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);
    private readonly SemaphoreSlim _slots = new(slots);
    private readonly Lock _gate = new();
    private bool _away;

    /// <summary>Runs until <paramref name="stop"/>, which ends the pauses but not a poll under way: the server may be handing over a task just then.</summary>
    /// <param name="abort">Ends polls under way too.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var loops = Enumerable.Range(0, Math.Min(slots, worker.Options.Pollers)).Select(_ => LoopAsync(stop, abort));
        await Task.WhenAll(loops).ConfigureAwait(false);
    }

    /// <summary>Waits until all tasks taken are handled; only then may it be disposed.</summary>
    public async Task IdleAsync()
    {
        for (var i = 0; i < slots; i++)
        {
            await _slots.WaitAsync().ConfigureAwait(false);
        }
    }

    public void Dispose() => _slots.Dispose();

    private async Task LoopAsync(CancellationToken stop, CancellationToken abort)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await _slots.WaitAsync(stop).ConfigureAwait(false);
                var started = Stopwatch.GetTimestamp();
                if (await PollAsync(abort).ConfigureAwait(false) is { } task)
                {
                    _ = HandleAsync(task);
                    backOff.Reset();
                    continue;
                }
                _slots.Release();
                // A long poll that ends at once, by an error or by a server that is stopping, would become a storm.
                if (Stopwatch.GetElapsedTime(started) < Short)
                {
                    await Task.Delay(backOff.Next(), stop).ConfigureAwait(false);
                }
                else
                {
                    backOff.Reset();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested || abort.IsCancellationRequested)
        {
        }
    }

    private async Task<TResponse?> PollAsync(CancellationToken abort)
    {
        try
        {
            var response = await worker.Client.Service.CallAsync<TResponse>(request(), abort, CallPolicy.LongPoll).ConfigureAwait(false);
            Back();
            return isEmpty(response) ? default : response;
        }
        catch (GrpcException e) when (e.Code == GrpcCode.DeadlineExceeded)
        {
            // A long poll that the server did not end in time: just the next one.
            return default;
        }
        catch (GrpcException e)
        {
            Away(e);
            return default;
        }
        catch (OperationCanceledException)
        {
            _slots.Release();
            throw;
        }
    }

    private async Task HandleAsync(TResponse task)
    {
        try
        {
            await Task.Yield();
            await handle(task).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            worker.Logger.LogError(e, "A {Kind} task of queue {TaskQueue} could not be handled; the server will time it out", kind, worker.Options.TaskQueue);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>One line when the server goes and one when it is back, not one for each try.</summary>
    private void Away(GrpcException e)
    {
        lock (_gate)
        {
            if (_away)
            {
                return;
            }
            _away = true;
        }
        var level = e.Code is GrpcCode.Unavailable or GrpcCode.Cancelled or GrpcCode.ResourceExhausted ? LogLevel.Warning : LogLevel.Error;
        worker.Logger.Log(level, "Polling {TaskQueue} for {Kind} tasks failed ({Code}: {Message}); trying again until it works", worker.Options.TaskQueue, kind, e.Code, e.Message);
    }

    private void Back()
    {
        lock (_gate)
        {
            if (!_away)
            {
                return;
            }
            _away = false;
        }
        worker.Logger.LogInformation("Polling {TaskQueue} for {Kind} tasks works again", worker.Options.TaskQueue, kind);
    }
}
