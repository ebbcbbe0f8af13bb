using System.Threading.Channels;
using FlowForge.Catalog;
using FlowForge.Ingest;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Triggers;

/// <summary>
/// Watches the source of one ingest job and starts the pipeline when something new has arrived and nothing has changed for a while. What it has seen, and the run that it
/// decided on, are on disk before the run starts: each new thing starts one run, also over a restart. An arrival is never dropped: while the pipeline's overlap
/// policy forbids a run, it waits.
/// </summary>
internal sealed class ArrivalWatch(
    CatalogDatabase catalog, SourceArrivals source, TriggerStarter starter, PipelineVersion version, PipelineDefinition definition, ArrivalTrigger trigger, TimeProvider clock, ILogger logger)
{
    // Times stable_for that a busy source is waited for to become quiet.
    private const int LooksForQuiet = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _deciding = new();
    // News of a source without files that came while a run was pending: that run may have looked already.
    private string? _late;

    private string Pipeline => definition.Name;

    /// <summary>Works until cancelled; what goes wrong is noted with the trigger and tried again.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var news = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        var listening = ListenAsync(news.Writer, cancel);
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await StepAsync(cancel);
            }
            catch (Exception error) when (error is not OperationCanceledException || !cancel.IsCancellationRequested)
            {
                logger.LogWarning("{Pipeline} cannot look for arrivals at {Job}: {Reason}", Pipeline, trigger.Job, error.Message);
                Note(error.Message);
            }
            try
            {
                using var period = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                period.CancelAfter(trigger.Every);
                await news.Reader.ReadAsync(period.Token);
            }
            catch (OperationCanceledException)
            {
                // time to look, or to end
            }
        }
        await listening;
    }

    /// <summary>Notes with the trigger what is wrong. That may be the catalog itself: the watch lives on then, too.</summary>
    private void Note(string problem)
    {
        try
        {
            // A source that cannot be listed at first has nothing that counts as seen.
            catalog.Triggers.Begin(Pipeline, trigger.Key, 0, new Dictionary<string, string>());
            catalog.Triggers.Checked(Pipeline, trigger.Key, problem, clock.GetUtcNow());
        }
        catch (Exception error)
        {
            logger.LogWarning("the catalog takes no note of that: {Reason}", error.Message);
        }
    }

    private async Task StepAsync(CancellationToken cancel)
    {
        if (catalog.Triggers.Get(Pipeline, trigger.Key) is not { } state)
        {
            catalog.Triggers.Begin(Pipeline, trigger.Key, 0, await ListAsync(cancel));
            return;
        }
        if (state.PendingRun is { } pending) await StartAsync(pending, state.PendingNote ?? "", cancel);
        var seen = catalog.Triggers.Seen(Pipeline, trigger.Key);
        var now = await ListAsync(cancel);
        var fresh = New(now, seen);
        // Still being written? Wait until nothing has come or changed for the whole time; where that does not happen, go on with what itself has held still.
        for (var look = 1; fresh.Count > 0; look++)
        {
            await Task.Delay(trigger.StableFor, clock, cancel);
            var later = await ListAsync(cancel);
            var moving = New(later, now);
            (now, fresh) = (later, New(later, seen));
            if (moving.Count == 0) break;
            if (look < LooksForQuiet || fresh.All(f => moving.ContainsKey(f.Key))) continue;
            fresh = fresh.Where(f => !moving.ContainsKey(f.Key)).ToDictionary(StringComparer.Ordinal);
            break;
        }
        catalog.Triggers.Checked(Pipeline, trigger.Key, null, clock.GetUtcNow());
        if (fresh.Count == 0) return;
        var first = fresh.Keys.Order(StringComparer.Ordinal).First();
        var note = fresh.Count == 1 ? $"by the arrival of {first}" : $"by the arrival of {first} and {fresh.Count - 1} more";
        var runId = RunIds.New(clock.GetUtcNow());
        catalog.Triggers.Decide(Pipeline, trigger.Key, runId, note, fresh, [.. seen.Keys.Where(path => !now.ContainsKey(path))]);
        await StartAsync(runId, note, cancel);
    }

    private async Task StartAsync(string runId, string note, CancellationToken cancel)
    {
        while (true)
        {
            var (outcome, refusal) = await starter.StartAsync(Pipeline, runId, "arrival", note, Interval(), cancel);
            if (outcome == StartOutcome.Started || refusal is { Reason: not RunRefusal.Conflict })
            {
                // The next run's time begins where this one's ends, however long its start took.
                var until = refusal is null && definition.Schedule is null ? catalog.Runs.Get(runId)?.Interval?.End : null;
                lock (_deciding)
                {
                    catalog.Triggers.Done(Pipeline, trigger.Key, 0, refusal is null ? runId : null, refusal?.Message, until ?? clock.GetUtcNow());
                    if (_late is { } late) Decide(late);
                    _late = null;
                }
                return;
            }
            catalog.Triggers.Checked(Pipeline, trigger.Key, refusal is null ? "waiting for Temporal" : "waiting: " + refusal.Message, clock.GetUtcNow());
            await Task.Delay(Patience, clock, cancel);
        }
    }

    /// <summary>A pipeline that reads its interval and has no schedule: the time since the trigger's last run.</summary>
    private DataInterval? Interval() => definition.Schedule is null && Placeholders.NeedsInterval(definition) && catalog.Triggers.Get(Pipeline, trigger.Key) is { } state
        ? new DataInterval(state.FiredAt ?? version.CreatedAt, clock.GetUtcNow()) : null;

    private static Dictionary<string, string> New(IReadOnlyDictionary<string, string> now, IReadOnlyDictionary<string, string> before) =>
        now.Where(f => before.GetValueOrDefault(f.Key) != f.Value).ToDictionary(StringComparer.Ordinal);

    private Task<IReadOnlyDictionary<string, string>> ListAsync(CancellationToken cancel) => source.ListAsync(Job, Request, cancel);

    /// <summary>What a watching connector says wakes the loop; a source without files has no listing, so what is said is itself the news.</summary>
    private async Task ListenAsync(ChannelWriter<string> news, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await foreach (var (what, listed) in source.WatchAsync(Job, Request, cancel))
                {
                    if (!listed) Heard(what);
                    // The loop that starts what was decided is woken behind it.
                    news.TryWrite(what);
                }
                return;
            }
            catch (Exception error) when (!cancel.IsCancellationRequested)
            {
                logger.LogInformation("{Pipeline} does not hear of arrivals at {Job} and looks by itself ({Reason})", Pipeline, trigger.Job, error.Message);
                await Task.Delay(trigger.Every, clock, CancellationToken.None).WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Heard(string what)
    {
        lock (_deciding)
        {
            catalog.Triggers.Begin(Pipeline, trigger.Key, 0, new Dictionary<string, string>());
            if (catalog.Triggers.Get(Pipeline, trigger.Key)!.PendingRun is null) Decide(what);
            else _late = what;
        }
    }

    private void Decide(string what) =>
        catalog.Triggers.Decide(Pipeline, trigger.Key, RunIds.New(clock.GetUtcNow()), $"by the arrival of {what}", new Dictionary<string, string>(), []);

    private IngestDefinition Job => Placeholders.Fill(definition.Ingest.First(i => i.Name == trigger.Job), definition.Parameters, null);

    private JobRequest Request => new()
    {
        RunId = "", Pipeline = Pipeline, PipelineVersion = version.Version, JobId = "ingest." + trigger.Job, BaseDirectory = version.BaseDirectory, RunTime = clock.GetUtcNow(), TxnVersion = 0,
    };
}
