using System.Collections.Concurrent;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>Runs what follows an <c>await</c> on the cell's own thread, so that it can be aborted like the rest of the cell. After the end nothing runs any more.</summary>
internal sealed class CellPump : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _waiting = [];

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            _waiting.Add((d, state));
        }
        catch (InvalidOperationException)
        {
            // The cell has ended, or was interrupted while it waited: the rest of it is dropped.
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("A cell's thread takes no synchronous calls.");

    /// <summary>Runs callbacks until <see cref="Complete"/>.</summary>
    /// <exception cref="OperationCanceledException">The token, while nothing runs.</exception>
    public void Run(CancellationToken abort)
    {
        foreach (var (callback, state) in _waiting.GetConsumingEnumerable(abort)) callback(state);
    }

    public void Complete() => _waiting.CompleteAdding();
}
