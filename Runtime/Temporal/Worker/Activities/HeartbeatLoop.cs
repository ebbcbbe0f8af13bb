using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Sends one activity's heartbeats and brings back what the server answers: cancel requests and "no such task". With a heartbeat timeout it beats by
/// itself, since its purpose is to tell a dead process from a slow one; without one it beats when the function does.
/// </summary>
internal sealed class HeartbeatLoop : IAsyncDisposable
{
    private readonly WorkerScope _worker;
    private readonly ActivityContext _context;
    private readonly TimeSpan _interval;
    private readonly bool _auto;
    private readonly SemaphoreSlim _beat = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private int _pending;

    public HeartbeatLoop(WorkerScope worker, ActivityContext context)
    {
        _worker = worker;
        _context = context;
        _auto = worker.Options.AutoHeartbeat && context.Task.HeartbeatTimeout is not null;
        _interval = Interval(worker.Options.HeartbeatInterval, context.Task.HeartbeatTimeout);
        context.Beat = () =>
        {
            // An abandoned function may go on beating after the loop is gone.
            if (Interlocked.Exchange(ref _pending, 1) == 0 && !_stop.IsCancellationRequested)
            {
                try
                {
                    _beat.Release();
                }
                catch (ObjectDisposedException)
                {
                }
            }
        };
        _loop = Task.Run(RunAsync);
    }

    /// <summary>A third of the timeout, so that two may get lost, and no rarer than <paramref name="longest"/>, so that a cancel request is seen soon.</summary>
    internal static TimeSpan Interval(TimeSpan longest, TimeSpan? timeout) =>
        timeout is { } limit && limit / 3 < longest ? TimeSpan.FromMilliseconds(Math.Max(10, limit.TotalMilliseconds / 3)) : longest;

    /// <summary>Stops beating. A beat on its way is abandoned: the result follows it anyway.</summary>
    public async ValueTask DisposeAsync()
    {
        _context.Beat = null;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
        _beat.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            // The first beat of the function goes out at once; later ones at the interval.
            await _beat.WaitAsync(_auto ? _interval : Timeout.InfiniteTimeSpan, _stop.Token).ConfigureAwait(false);
            while (true)
            {
                Interlocked.Exchange(ref _pending, 0);
                await SendAsync().ConfigureAwait(false);
                await Task.Delay(_interval, _stop.Token).ConfigureAwait(false);
                if (!_auto)
                {
                    await _beat.WaitAsync(_stop.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task SendAsync()
    {
        try
        {
            var request = new RecordActivityTaskHeartbeatRequest
            {
                Namespace = _worker.Client.Namespace,
                TaskToken = _context.Task.Raw.TaskToken,
                Details = _context.HeartbeatPayloads(),
                Identity = _worker.Identity,
            };
            var response = await _worker.Client.CallAsync<RecordActivityTaskHeartbeatResponse>(request, _stop.Token, CallPolicy.Once).ConfigureAwait(false);
            var reason = response switch
            {
                { CancelRequested: true } => ActivityCancelReason.Requested,
                { ActivityReset: true } => ActivityCancelReason.Reset,
                { ActivityPaused: true } => ActivityCancelReason.Paused,
                _ => ActivityCancelReason.None,
            };
            if (reason != ActivityCancelReason.None)
            {
                _context.Cancel(reason);
            }
        }
        catch (GrpcException e) when (e.Code == GrpcCode.NotFound)
        {
            _context.Cancel(ActivityCancelReason.Gone);
        }
        catch (GrpcException e)
        {
            // The next beat tries again; if the server stays away too long it will say "not found" when it is back.
            _worker.Logger.LogDebug(e, "Heartbeat of activity {ActivityId} did not reach the server", _context.Task.ActivityId);
        }
        catch (Exception e) when (e is PayloadException or NotSupportedException or InvalidProtocolBufferException)
        {
            _worker.Logger.LogError(e, "The heartbeat details of activity {ActivityId} ({ActivityType}) cannot be sent", _context.Task.ActivityId, _context.Task.ActivityType);
        }
    }
}
