using Microsoft.Extensions.Logging;
using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>One attempt of an activity, as its function sees it. Thread-safe.</summary>
public sealed class ActivityContext : IDisposable
{
    private readonly PayloadConverter _converter;
    private readonly CancellationTokenSource _cancel = new();
    private readonly CancellationTokenSource _abandon = new();
    private readonly Lock _gate = new();
    private object? _details;
    private bool _hasDetails;

    internal ActivityContext(ActivityTask task, PayloadConverter converter, ILogger logger, CancellationToken workerShutdown)
    {
        Task = task;
        _converter = converter;
        Logger = logger;
        WorkerShutdownToken = workerShutdown;
    }

    public ActivityTask Task { get; }

    /// <summary>From 1.</summary>
    public int Attempt => Task.Attempt;

    /// <summary>Cancelled when the activity has to stop; <see cref="CancelReason"/> says why.</summary>
    public CancellationToken CancellationToken => _cancel.Token;

    public ActivityCancelReason CancelReason { get; private set; }

    /// <summary>Cancelled as soon as the worker begins to stop, before its grace runs out: a chance to finish at a good point.</summary>
    public CancellationToken WorkerShutdownToken { get; }

    /// <summary>Logs in a scope with the workflow's and activity's ids.</summary>
    public ILogger Logger { get; }

    /// <summary>Argument number <paramref name="index"/>, or the default when there are fewer.</summary>
    /// <exception cref="PayloadException">It cannot be read as <typeparamref name="T"/>.</exception>
    public T? Input<T>(int index = 0) => _converter.FromPayloads<T>(Task.Raw.Input, index);

    /// <summary>
    /// Reports progress. Cheap: it only stores <paramref name="details"/>; the newest goes to the server once per heartbeat interval. It is turned into
    /// JSON then, on another thread, so pass a value that does not change.
    /// </summary>
    public void Heartbeat(object? details = null)
    {
        lock (_gate)
        {
            _details = details;
            _hasDetails = true;
        }
        Beat?.Invoke();
    }

    /// <summary>What the last attempt (or this one) reported last, or the default: where to go on from.</summary>
    public T? LastHeartbeat<T>()
    {
        lock (_gate)
        {
            if (_hasDetails && _details is T own)
            {
                return own;
            }
        }
        return _converter.FromPayloads<T>(Task.Raw.HeartbeatDetails);
    }

    void IDisposable.Dispose()
    {
        // An abandoned function may still look at its token.
        if (!_abandon.IsCancellationRequested)
        {
            _cancel.Dispose();
            _abandon.Dispose();
        }
    }

    /// <summary>Cancelled when the worker no longer waits for the function.</summary>
    internal CancellationToken Abandoned => _abandon.Token;

    internal void Abandon()
    {
        try
        {
            _abandon.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in the same moment.
        }
    }

    /// <summary>Set by the heartbeat loop; called at each <see cref="Heartbeat"/>.</summary>
    internal Action? Beat { get; set; }

    internal void Cancel(ActivityCancelReason reason)
    {
        lock (_gate)
        {
            if (CancelReason != ActivityCancelReason.None)
            {
                return;
            }
            CancelReason = reason;
        }
        try
        {
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in the same moment.
        }
        catch (AggregateException e)
        {
            Logger.LogWarning(e, "A callback on the cancellation of activity {ActivityId} failed", Task.ActivityId);
        }
    }

    /// <summary>The newest details as payloads; what the previous attempt left when this one reported nothing.</summary>
    internal Payloads? HeartbeatPayloads()
    {
        object? details;
        lock (_gate)
        {
            if (!_hasDetails)
            {
                return Task.Raw.HeartbeatDetails?.Clone();
            }
            details = _details;
        }
        return _converter.ToPayloads(details);
    }
}
