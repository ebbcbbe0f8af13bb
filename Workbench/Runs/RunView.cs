using FlowForge.Contracts;

namespace FlowForge.Workbench.Runs;

/// <summary>A run as its page shows it: fetched once, then kept current by its events. Used on one circuit's thread.</summary>
internal sealed class RunView(RunDetail start)
{
    private readonly Dictionary<string, JobRun> jobs = start.Jobs.ToDictionary(j => j.Id, StringComparer.Ordinal);
    private readonly List<string> order = [.. start.Jobs.Select(j => j.Id)];

    public RunDetail Detail { get; private set; } = start;

    /// <summary>In plan order.</summary>
    public IEnumerable<JobRun> Jobs => order.Select(id => jobs[id]);

    /// <summary>Grows with every log line that was announced.</summary>
    public long LogLines { get; private set; }

    public JobRun? Job(string? id) => id is not null && jobs.TryGetValue(id, out var job) ? job : null;

    /// <summary>The run's own figures come more rarely than its jobs': while it runs, what the jobs say counts.</summary>
    private void Sum()
    {
        var ingests = jobs.Values.Where(j => j.Kind == JobKind.Ingest).ToArray();
        Detail = Detail with
        {
            Rows = ingests.Aggregate(default(RowCounts), (sum, j) => sum + j.Rows), Bytes = ingests.Sum(j => j.Bytes), JobsDone = jobs.Values.Count(j => j.State == RunState.Succeeded),
            Progress = Math.Max(Detail.Progress, jobs.Values.Sum(j => j.State == RunState.Succeeded ? 1 : Math.Min(0.99, j.Progress ?? 0)) / Math.Max(1, jobs.Count)),
        };
    }

    public void Apply(RunEvent e)
    {
        if (e.Run is { } run)
            Detail = Detail with
            {
                State = run.State, QueuedAt = run.QueuedAt, StartedAt = run.StartedAt, FinishedAt = run.FinishedAt, Seconds = run.Seconds, Rows = run.Rows,
                Bytes = run.Bytes, JobsDone = run.JobsDone, JobsTotal = run.JobsTotal, Progress = run.Progress, Error = run.Error, Paused = run.Paused, Waiting = run.Waiting,
            };
        if (e.Job is { } job)
        {
            if (!jobs.ContainsKey(job.Id))
                order.Add(job.Id);
            jobs[job.Id] = job;
            if (!Detail.State.IsFinal())
                Sum();
        }
        if (e.Type == RunEvent.Logged)
            LogLines++;
    }
}
