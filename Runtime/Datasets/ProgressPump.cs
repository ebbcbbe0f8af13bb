using System.Diagnostics;
using FlowForge.Catalog;
using FlowForge.Duck;

namespace FlowForge.Datasets;

/// <summary>Tells twice a second how far DuckDB is with the running statement.</summary>
internal sealed class ProgressPump : IDisposable
{
    private readonly IProgress<JobProgress> progress;
    private readonly DuckSession session;
    private readonly long total;
    private readonly Timer timer;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private volatile string phase;
    private (long Rows, TimeSpan Time) last;

    public ProgressPump(DuckSession session, IProgress<JobProgress> progress, string phase, long total)
    {
        this.session = session;
        this.progress = progress;
        this.phase = phase;
        this.total = total;
        session.TrackProgress();
        timer = new Timer(_ => Tell(), null, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500));
    }

    /// <summary>The next step of the job.</summary>
    public void Enter(string next)
    {
        phase = next;
        progress.Report(new JobProgress(next, 0, null, 0, null, 0));
    }

    private void Tell()
    {
        try
        {
            var rows = session.RowsProcessed;
            var now = watch.Elapsed;
            var rate = now > last.Time && rows > last.Rows ? (rows - last.Rows) / (now - last.Time).TotalSeconds : 0;
            last = (rows, now);
            progress.Report(new JobProgress(phase, rows, phase == "building" && total > 0 ? total : null, 0, null, rate));
        }
        catch (ObjectDisposedException)
        {
            // The job ended between two ticks.
        }
    }

    public void Dispose()
    {
        using var ended = new ManualResetEvent(false);
        if (timer.Dispose(ended)) ended.WaitOne();
    }
}
