using System.Collections.Concurrent;
using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.Engine;

/// <summary>
/// Runs every change of state one after the other and releases the answers once they are on disk. While one commit is
/// being written, operations go on in memory and gather into the next (group commit). All server state is touched only here.
/// </summary>
internal sealed class Executor : IDisposable
{
    private readonly ConcurrentQueue<Action> _queue = new();
    private readonly Queue<Action> _deferred = new();
    private readonly CommitWriter _writer;
    private readonly Action<Exception> _crashed;
    private CommitBatch _batch = new();
    private bool _writing;
    private int _scheduled;
    private volatile Exception? _fault;

    public Executor(TimeProvider clock, CommitWriter writer, Action<Exception> crashed)
    {
        _writer = writer;
        _crashed = crashed;
        Timers = new TimerQueue(clock, Post);
        Timers.Fired = () => Timers.FireDue(Guarded);
    }

    public TimerQueue Timers { get; }

    public DateTime Now => Timers.Now;

    /// <summary>Operations that failed with something else than a <see cref="GrpcException"/>: bugs, for the log.</summary>
    public Action<Exception>? Unexpected { get; set; }

    /// <summary>Runs <paramref name="operation"/> in turn; the task ends when its effects are on disk. From any thread.</summary>
    public Task<T> Run<T>(Func<T> operation)
    {
        var result = NewReply<T>();
        Post(() =>
        {
            Reply reply;
            try
            {
                reply = new Reply<T>(result, operation());
            }
            catch (Exception e)
            {
                Report(e);
                reply = new ErrorReply<T>(result, e);
            }
            RunDeferred();
            _batch.Replies.Add(reply);
        });
        return result.Task;
    }

    /// <summary>
    /// As <see cref="Run{T}"/> for an operation that answers later (a long poll): it keeps the source it is given and
    /// completes it by <see cref="Answer{T}"/>.
    /// </summary>
    public Task<T> RunLong<T>(Action<TaskCompletionSource<T>> operation)
    {
        var result = NewReply<T>();
        Post(() =>
        {
            try
            {
                operation(result);
            }
            catch (Exception e)
            {
                Report(e);
                AnswerError(result, e);
            }
        });
        return result.Task;
    }

    public static TaskCompletionSource<T> NewReply<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Queues an operation without an answer. From any thread.</summary>
    public void Post(Action operation)
    {
        _queue.Enqueue(operation);
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Drain(), this, preferLocal: false);
        }
    }

    /// <summary>Runs <paramref name="operation"/> after the present one, within the same commit. Executor only.</summary>
    public void Defer(Action operation) => _deferred.Enqueue(operation);

    /// <summary>Answers <paramref name="target"/> when the present state is on disk. Executor only.</summary>
    public void Answer<T>(TaskCompletionSource<T> target, T value) => _batch.Replies.Add(new Reply<T>(target, value));

    public void AnswerError<T>(TaskCompletionSource<T> target, Exception error) => _batch.Replies.Add(new ErrorReply<T>(target, error));

    /// <summary>Runs <paramref name="action"/> on the writer's thread when the present state is on disk. Executor only.</summary>
    public void AfterCommit(Action action) => _batch.Replies.Add(new ActionReply(action));

    /// <summary>The object has changed and must be saved with this commit. Executor only.</summary>
    public void Touch(IPersistent changed) => _batch.Dirty.Add(changed);

    public void Forget(IPersistent deleted) => _batch.Dirty.Remove(deleted);

    public void Write(Change change) => _batch.Changes.Add(change);

    private void Drain()
    {
        do
        {
            var steps = 0;
            while (_fault is null && _queue.TryDequeue(out var operation))
            {
                Guarded(operation);
                if (++steps % 64 == 0)
                {
                    HandOver();
                }
            }
            HandOver();
            if (_fault is { } fault)
            {
                Abandon(fault);
            }
            Volatile.Write(ref _scheduled, 0);
        }
        while (!_queue.IsEmpty && Interlocked.Exchange(ref _scheduled, 1) == 0);
    }

    private void Guarded(Action operation)
    {
        try
        {
            operation();
        }
        catch (Exception e)
        {
            Report(e);
        }
        RunDeferred();
    }

    private void RunDeferred()
    {
        while (_deferred.TryDequeue(out var next))
        {
            try
            {
                next();
            }
            catch (Exception e)
            {
                Report(e);
            }
        }
    }

    private void Report(Exception e)
    {
        if (e is not GrpcException)
        {
            Unexpected?.Invoke(e);
        }
    }

    private void HandOver()
    {
        if (_writing || _fault is not null)
        {
            return;
        }
        var batch = _batch;
        if (!batch.HasChanges)
        {
            if (batch.Replies.Count > 0)
            {
                _batch = new CommitBatch();
                batch.Replies.ForEach(r => r.Release());
            }
            return;
        }
        _batch = new CommitBatch();
        batch.Freeze();
        _writing = true;
        _writer.Commit(batch, error =>
        {
            if (error is not null)
            {
                _fault = error;
                _crashed(error);
            }
            Post(() => _writing = false);
        });
    }

    /// <summary>The disk refused a commit: memory is ahead of it, so nothing more may be answered.</summary>
    private void Abandon(Exception fault)
    {
        var unavailable = new GrpcException(GrpcCode.Unavailable, $"the server could not write to its database: {fault.Message}", [], fault);
        _batch.Replies.ForEach(r => r.Fail(unavailable));
        _batch.Replies.Clear();
        _queue.Clear();
    }

    public void Dispose() => Timers.Dispose();
}
