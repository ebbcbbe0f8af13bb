using FlowForge.Catalog;
using FlowForge.Orchestration.Activities;
using FlowForge.Temporal.Worker;

namespace FlowForge.Orchestration.Care;

/// <summary>Work on a table and its record. One piece of it at a time in this process: an optimize takes what memory and processor there is to spare. Repeatable.</summary>
public sealed class CareActivities(CatalogDatabase catalog, ICareWork work, RunningJobs running, TimeProvider clock) : IDisposable
{
    private const int MostAttempts = 20;

    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _one = new(1, 1);

    public async Task<object?> WorkAsync(ActivityContext context)
    {
        var id = context.Input<CareInput>()!.CareId;
        // An attempt that was taken for dead and is not lets go first.
        using var lease = await running.EnterAsync("care", id, context.CancellationToken);
        await using var beat = new Timer(_ => context.Heartbeat(), null, BeatInterval, BeatInterval);
        await _one.WaitAsync(lease.Token);
        try
        {
            var known = catalog.Care.Get(id) ?? throw new ApplicationFailure($"The work {id} is not in the catalog.", "FF3410", nonRetryable: true);
            if (catalog.Care.Begin(id, work.VersionOf(known.Table), clock.GetUtcNow()) is not { } care) return null; // its end is recorded; only the server did not hear of it
            if (care.Attempts > MostAttempts) throw Failed(new CareFailedException("FF3412", $"The work has begun {MostAttempts} times and never came to its end.", "Look into the runtime's log; work that needs more memory than there is ends like this."));
            var result = await Task.Run(() => work.Do(care, p => catalog.Care.Progress(id, p.Phase, p.Done, p.Total), found => catalog.Care.Found(id, found), lease.Token), CancellationToken.None);
            catalog.Care.Finish(id, RunState.Succeeded, result, null, clock.GetUtcNow());
            return null;
        }
        catch (CareFailedException failed)
        {
            throw Failed(failed);
        }
        finally
        {
            _one.Release();
        }
    }

    public Task<object?> FinishAsync(ActivityContext context)
    {
        var input = context.Input<FinishCareInput>()!;
        catalog.Care.Finish(input.CareId, input.State, null, input.Error, clock.GetUtcNow());
        return Task.FromResult<object?>(null);
    }

    public void Dispose() => _one.Dispose();

    private static ApplicationFailure Failed(CareFailedException failed) =>
        new(failed.Message, failed.Code, nonRetryable: !failed.Passing, failed) { Details = new RunError(failed.Code, failed.Message, failed.Suggestion) };
}
