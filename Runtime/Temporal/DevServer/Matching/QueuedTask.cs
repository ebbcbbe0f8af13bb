namespace FlowForge.Temporal.DevServer.Matching;

/// <summary>Work that waits for a poller. It may have become void meanwhile; then delivering it does nothing.</summary>
internal abstract class QueuedTask
{
    public DateTime Added { get; set; }

    /// <summary>Higher priority is a lower number; 0 counts as the middle.</summary>
    public virtual int Priority => 3;

    /// <summary>Whether the work still has to be done.</summary>
    public abstract bool IsValid { get; }

    /// <summary>Gives the work to a poller.</summary>
    public abstract void Deliver(Poller poller);
}
