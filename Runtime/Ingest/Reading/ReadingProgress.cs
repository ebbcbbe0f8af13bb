using System.Diagnostics;
using FlowForge.Catalog;

namespace FlowForge.Ingest.Reading;

/// <summary>Counts rows and bytes and reports them a few times a second. Any thread may call.</summary>
internal sealed class ReadingProgress(IProgress<JobProgress> sink)
{
    private static readonly long Interval = Stopwatch.Frequency / 4;
    private long _rows, _bytes, _reported;
    private long? _bytesTotal;
    private string _phase = "landing";
    private long _phaseStart = Stopwatch.GetTimestamp();

    /// <summary>Starts counting anew for the next step.</summary>
    /// <param name="phase">One word for people.</param>
    /// <param name="bytesTotal">Bytes of the step, when known.</param>
    public void Start(string phase, long? bytesTotal)
    {
        (_phase, _bytesTotal, _rows, _bytes) = (phase, bytesTotal, 0, 0);
        _phaseStart = Stopwatch.GetTimestamp();
        Report();
    }

    public void Rows(long more)
    {
        Interlocked.Add(ref _rows, more);
        ReportNowAndThen();
    }

    public void Bytes(int more)
    {
        Interlocked.Add(ref _bytes, more);
        ReportNowAndThen();
    }

    /// <summary>Reports where it stands, as while nothing comes.</summary>
    public void Show() => Report();

    private void ReportNowAndThen()
    {
        var last = Volatile.Read(ref _reported);
        var now = Stopwatch.GetTimestamp();
        if (now - last >= Interval && Interlocked.CompareExchange(ref _reported, now, last) == last) Report();
    }

    private void Report()
    {
        var seconds = Stopwatch.GetElapsedTime(_phaseStart).TotalSeconds;
        var rows = Interlocked.Read(ref _rows);
        sink.Report(new JobProgress(_phase, rows, null, Interlocked.Read(ref _bytes), _bytesTotal, seconds > 0.2 ? rows / seconds : 0));
    }
}
