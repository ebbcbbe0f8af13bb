using System.Diagnostics;
using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Ingest;

namespace FlowForge.Benchmarks;

/// <summary>With FLOWFORGE_STAGES set, says what each step of a job took by the clock and by the processor.</summary>
internal sealed class Stages : IProgress<JobProgress>
{
    private static readonly bool Shows = Environment.GetEnvironmentVariable("FLOWFORGE_STAGES") is { Length: > 0 };
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _processor = Environment.CpuUsage.TotalTime;
    private string _phase = "opening";

    public void Report(JobProgress value)
    {
        if (!Shows || value.Phase == _phase) return;
        End();
        _phase = value.Phase;
    }

    public void End()
    {
        if (!Shows) return;
        var now = Environment.CpuUsage.TotalTime;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {_phase,-12} {_clock.Elapsed.TotalMilliseconds,7:N0} ms  processor {(now - _processor).TotalMilliseconds,7:N0} ms"));
        _clock.Restart();
        _processor = now;
    }
}
