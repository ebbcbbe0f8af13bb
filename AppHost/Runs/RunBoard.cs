using FlowForge.Contracts;

namespace FlowForge.AppHost.Runs;

/// <summary>The state of a run as far as its events tell. One thread writes; readers see whole values.</summary>
internal sealed class RunBoard(string pipeline, string run)
{
    private readonly Lock gate = new();
    private readonly List<JobRun> jobs = [];

    public string Pipeline { get; } = pipeline;

    public string Run { get; } = run;

    public RunSummary? Summary { get; private set; }

    /// <summary>In the order in which they were told, which is plan order.</summary>
    public IReadOnlyList<JobRun> Jobs
    {
        get
        {
            lock (gate)
                return [.. jobs];
        }
    }

    public void Take(RunEvent e)
    {
        lock (gate)
        {
            if (e.Run is { } summary)
                Summary = summary;
            if (e.Job is not { } job)
                return;
            var index = jobs.FindIndex(j => j.Id == job.Id);
            if (index < 0)
                jobs.Add(job);
            else
                jobs[index] = job;
        }
    }
}
