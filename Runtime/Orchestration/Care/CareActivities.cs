using FlowForge.Catalog;
using FlowForge.Orchestration.Activities;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Care;

/// <summary>Work on a table and its record. Repeatable. Its worker runs one piece at a time: an optimize takes what memory and processor there is to spare.</summary>
public sealed class CareActivities(CatalogDatabase catalog, ICareWork work, RunningJobs running, TimeProvider clock)
{
    private const int MostAttempts = 20;

    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(1);

    public async Task<object?> WorkAsync(ActivityContext context)
    {
        var id = context.Input<CareInput>()!.CareId;
        // An attempt that was taken for dead and is not lets go first.
        using var lease = await running.EnterAsync("care", id, context.CancellationToken);
        await using var beat = new Timer(_ => context.Heartbeat(), null, BeatInterval, BeatInterval);
        try
        {
            var known = catalog.Care.Get(id) ?? throw new ApplicationFailure($"The work {id} is not in the catalog.", "FF3410", nonRetryable: true);
            if (catalog.Care.Begin(id, work.VersionOf(known.Table), clock.GetUtcNow()) is not { } care) return null; // its end is recorded; only the server did not hear of it
            if (care.Attempts > MostAttempts) throw Exhausted(care);
            var result = await Task.Run(() => work.Do(care, p => Tell(id, p), found => catalog.Care.Found(id, found), lease.Token), CancellationToken.None);
            catalog.Care.Finish(id, RunState.Succeeded, result, null, clock.GetUtcNow());
            return null;
        }
        catch (CareFailedException failed)
        {
            if (failed.Passing) catalog.Care.Failing(id, failed.Error);
            throw Failed(failed);
        }
    }

    // Progress is a courtesy: a full disk that cannot take it must not end the work, or the process.
    private void Tell(string id, CareProgress progress)
    {
        try
        {
            catalog.Care.Progress(id, progress.Phase, progress.Done, progress.Total);
        }
        catch (Exception)
        {
            // The next word may come through.
        }
    }

    private static CareFailedException Exhausted(TableCareRecord care) => new("FF3412",
        $"The work has begun {MostAttempts} times and never came to its end.{(care.Error is { } last ? $" The last time: {last.Message}" : "")}",
        care.Error?.Suggestion ?? "Look into the runtime's log; work that needs more memory than there is ends like this.");

    public Task<object?> FinishAsync(ActivityContext context)
    {
        var input = context.Input<FinishCareInput>()!;
        catalog.Care.Finish(input.CareId, input.State, null, input.Error, clock.GetUtcNow());
        return Task.FromResult<object?>(null);
    }

    private static ApplicationFailure Failed(CareFailedException failed) =>
        new(failed.Message, failed.Code, nonRetryable: !failed.Passing, failed) { Details = failed.Error };
}
