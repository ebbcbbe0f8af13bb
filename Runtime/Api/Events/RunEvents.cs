using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;

namespace FlowForge.Api.Events;

/// <summary>
/// Turns the catalog's hints into events. Each carries the whole present state, so that hints may merge while a slow reader reads and nothing
/// is lost; log lines are read on from the last one that was sent.
/// </summary>
internal sealed class RunEvents(CatalogDatabase catalog, RunReader runs)
{
    private const int LinesAtOnce = 500;

    /// <summary>Changes of one run from its present state to its end.</summary>
    public async Task FollowAsync(string run, EventWriter writer, CancellationToken ct)
    {
        // The subscription begins before the present state is read: what happens in between comes twice rather than never.
        var changes = catalog.Events.Watch(c => c.Key == run, ct);
        await writer.SendAsync(new RunEvent(RunEvent.Ready, run), ct);
        if (await SendStateAsync(run, writer, ct))
            return;
        await foreach (var change in changes)
        {
            if (change.Kind == CatalogChangeKind.Log)
                await SendLogAsync(run, writer, ct);
            else if (change is { Kind: CatalogChangeKind.Job, JobId: { } job })
                await SendJobsAsync(run, j => j.Id == job, writer, ct);
            else if (change.Kind == CatalogChangeKind.Run && await SendStateAsync(run, writer, ct))
                return;
        }
    }

    /// <summary>Changes of all runs, without logs, until cancelled.</summary>
    public async Task FollowAllAsync(EventWriter writer, CancellationToken ct)
    {
        var changes = catalog.Events.Watch(c => c.Kind is CatalogChangeKind.Run or CatalogChangeKind.Job, ct);
        await writer.SendAsync(new RunEvent(RunEvent.Ready, ""), ct);
        await foreach (var change in changes)
            if (runs.Summary(change.Key) is { } summary)
                await writer.SendAsync(new RunEvent(RunEvent.RunChanged, change.Key) { Run = summary }, ct);
    }

    /// <summary>Jobs first, then the log, then the run: who sees a final run has seen all of it. True when it is final.</summary>
    private async Task<bool> SendStateAsync(string run, EventWriter writer, CancellationToken ct)
    {
        if (runs.Summary(run) is not { } summary)
            return true;
        await SendJobsAsync(run, _ => true, writer, ct);
        await SendLogAsync(run, writer, ct);
        await writer.SendAsync(new RunEvent(RunEvent.RunChanged, run) { Run = summary }, ct);
        if (!summary.State.IsFinal())
            return false;
        await writer.SendAsync(new RunEvent(RunEvent.End, run) { Run = summary }, ct);
        return true;
    }

    private async Task SendJobsAsync(string run, Func<JobRun, bool> which, EventWriter writer, CancellationToken ct)
    {
        foreach (var job in runs.Jobs(run).Where(which))
            await writer.SendAsync(new RunEvent(RunEvent.JobChanged, run) { Job = job }, ct);
    }

    private async Task SendLogAsync(string run, EventWriter writer, CancellationToken ct)
    {
        while (catalog.Logs.Read(run, writer.LastLog, limit: LinesAtOnce) is { Count: > 0 } lines)
        {
            foreach (var line in lines)
            {
                writer.LastLog = line.Id;
                await writer.SendAsync(new RunEvent(RunEvent.Logged, run) { Log = LogMapping.ToEntry(line) }, ct);
            }
        }
    }
}
