using System.Diagnostics;
using FlowForge.Contracts;

namespace FlowForge.AppHost.Runs;

/// <summary>One line when a job changes its state, and one every few seconds while it runs: for files, pipes and CI.</summary>
internal sealed class PlainRunDisplay : RunDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly TextWriter writer;
    private readonly Dictionary<string, (RunState State, long At)> shown = new(StringComparer.Ordinal);

    public PlainRunDisplay(TextWriter writer, RunBoard board)
    {
        this.writer = writer;
        Say($"{board.Pipeline}: run {board.Run}");
    }

    public override void Refresh(RunEvent e)
    {
        if (e.Job is not { } job || job.State == RunState.Queued)
            return;
        var known = shown.TryGetValue(job.Id, out var before);
        if (known && before.State == job.State && (job.State != RunState.Running || Stopwatch.GetElapsedTime(before.At) < Interval))
            return;
        shown[job.Id] = (job.State, Stopwatch.GetTimestamp());
        string[] facts =
        [
            job.Rows.Read > 0 ? $"{Figures.Rows(job.Rows.Read)} rows" : "", job.Rows.Rejected > 0 ? $"{Figures.Rows(job.Rows.Rejected)} rejected" : "",
            Figures.Bytes(job.Bytes), Figures.Rate(job.RowsPerSecond), Figures.Seconds(job.Seconds), job.Attempt > 1 ? $"attempt {job.Attempt}" : "", job.Note ?? ""
        ];
        Say($"  {job.Id}: {job.State.ToString().ToLowerInvariant()}{string.Concat(facts.Where(f => f.Length > 0).Select(f => ", " + f))}");
    }

    public override void Say(string message) => writer.WriteLine(message);

    public override void Dispose() => writer.Flush();
}
