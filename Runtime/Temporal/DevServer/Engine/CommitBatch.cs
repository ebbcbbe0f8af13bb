using FlowForge.Temporal.DevServer.Persistence;

namespace FlowForge.Temporal.DevServer.Engine;

/// <summary>Something whose rows are written once per commit, however often it changed in between.</summary>
internal interface IPersistent
{
    /// <summary>Adds the rows that bring the disk up to the present state. Called by the executor, between operations.</summary>
    void Save(List<Change> changes);
}

/// <summary>An answer that leaves only when the commit it belongs to is on disk.</summary>
internal abstract class Reply
{
    public abstract void Release();

    public abstract void Fail(Exception error);
}

internal sealed class Reply<T>(TaskCompletionSource<T> target, T value) : Reply
{
    public override void Release() => target.TrySetResult(value);

    public override void Fail(Exception error) => target.TrySetException(error);
}

internal sealed class ErrorReply<T>(TaskCompletionSource<T> target, Exception error) : Reply
{
    public override void Release() => target.TrySetException(error);

    public override void Fail(Exception other) => target.TrySetException(other);
}

internal sealed class ActionReply(Action release) : Reply
{
    public override void Release() => release();

    public override void Fail(Exception error)
    {
    }
}

/// <summary>All changes since the last hand-over to the writer, and the answers that wait for them.</summary>
internal sealed class CommitBatch
{
    public List<Change> Changes { get; } = [];

    public HashSet<IPersistent> Dirty { get; } = new(ReferenceEqualityComparer.Instance);

    public List<Reply> Replies { get; } = [];

    public bool HasChanges => Changes.Count > 0 || Dirty.Count > 0;

    /// <summary>Turns the dirty objects into rows; after this the batch belongs to the writer.</summary>
    public void Freeze()
    {
        foreach (var dirty in Dirty)
        {
            dirty.Save(Changes);
        }
        Dirty.Clear();
    }
}
