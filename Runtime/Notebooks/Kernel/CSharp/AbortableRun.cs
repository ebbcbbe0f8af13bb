using System.Runtime;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>Runs user code on the calling thread so that it can be ended: first by its token, then by aborting the thread's work.</summary>
internal static class AbortableRun
{
    /// <summary>How long code may take to honour its token.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    /// <param name="start">User code; what it awaits continues on this thread.</param>
    /// <param name="ct">Known to the user code.</param>
    /// <exception cref="OperationCanceledException">It was aborted.</exception>
    public static T Run<T>(Func<Task<T>> start, CancellationToken ct)
    {
        using var abort = new CancellationTokenSource();
        using var armed = ct.UnsafeRegister(static s => ((CancellationTokenSource)s!).CancelAfter(Grace), abort);
        var pump = new CellPump();
        var before = SynchronizationContext.Current;
        Task<T>? task = null;
        SynchronizationContext.SetSynchronizationContext(pump);
        try
        {
            // Obsolete because an abort may leave the process' state half changed: a kernel lives with that, and can be restarted.
#pragma warning disable SYSLIB0046
            ControlledExecution.Run(() =>
            {
                task = start();
                task.ContinueWith(_ => pump.Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                pump.Run(abort.Token);
            }, abort.Token);
#pragma warning restore SYSLIB0046
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
            pump.Complete();
        }
        return task!.GetAwaiter().GetResult();
    }
}
