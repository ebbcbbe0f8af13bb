using System.Runtime.InteropServices;

namespace FlowForge.AppHost.Commands;

/// <summary>
/// Ctrl+C, SIGTERM and the closing of the terminal: the first asks for an orderly end, the second for a quick one. Disposing gives the signals back.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource hurry = new();
    private readonly PosixSignalRegistration[] registrations;

    public StopSignals()
    {
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Received),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Received),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Received),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Received)
        ];
    }

    /// <summary>Stop in order.</summary>
    public CancellationToken Stop => stop.Token;

    /// <summary>Stop waiting: kill.</summary>
    public CancellationToken Hurry => hurry.Token;

    /// <summary>Ends at the first signal.</summary>
    public async Task WaitAsync()
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stop.Token.Register(() => stopped.TrySetResult()))
            await stopped.Task;
    }

    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
        stop.Dispose();
        hurry.Dispose();
    }

    private void Received(PosixSignalContext context)
    {
        context.Cancel = true;
        (stop.IsCancellationRequested ? hurry : stop).Cancel();
    }
}
