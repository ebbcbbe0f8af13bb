using FlowForge.Catalog;

namespace FlowForge.Orchestration.Activities;

/// <summary>Passes on the newest progress, at most once an interval; a new phase always. Thread-safe, never throws into the job.</summary>
internal sealed class ProgressReport(Action<JobProgress> report, TimeSpan interval, TimeProvider clock) : IProgress<JobProgress>
{
    private readonly Lock _lock = new();
    private long _last;
    private string? _phase;

    public void Report(JobProgress value)
    {
        lock (_lock)
        {
            if (value.Phase == _phase && clock.GetElapsedTime(_last) < interval) return;
            _phase = value.Phase;
            _last = clock.GetTimestamp();
        }
        try
        {
            report(value);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Some of those who tell are timers, where it would end the process: a picture less, until the disk has room again.
        }
    }
}
