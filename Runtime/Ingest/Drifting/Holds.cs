using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Ingest.Landing;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;

namespace FlowForge.Ingest.Drifting;

/// <summary>
/// The holds of a job's table as one run sees them. The truth about the landed copy is its manifest, about the decision the catalog, about what was loaded the table's own state: each
/// step may be killed and repeated.
/// </summary>
/// <param name="table">Of the bronze layer.</param>
/// <param name="place">The landing folder of the job as a run sees it: run and time.</param>
internal sealed class Holds(CatalogDatabase catalog, string table, JobRequest request, Func<string, DateTimeOffset, LandingZone> place, IJobLog log)
{
    /// <summary>How many holds a table's state remembers as loaded.</summary>
    private const int Remembered = 20;

    private readonly string _table = "bronze." + table;

    private string? Interval => request is { KeepCursor: true, Interval: { } i } ? string.Create(CultureInfo.InvariantCulture, $"{i.Start:O}/{i.End:O}") : null;

    /// <summary>The hold that this run goes on with, and whether it loads the landed copy instead of reading the source; null when there is none.</summary>
    /// <param name="job">The definition with what was decided before.</param>
    /// <param name="state">What the job's last commit remembers.</param>
    /// <exception cref="JobFailedException">A hold waits for a person: nothing is read.</exception>
    public (SchemaHold Hold, bool IsLanded)? Find(IngestDefinition job, JobState? state)
    {
        SchemaHold? next = null;
        foreach (var hold in catalog.Holds.Open(_table, request.Pipeline, request.JobId).Where(h => h.RunId == request.RunId || h.BackfillInterval == Interval).OrderBy(h => h.RunId == request.RunId ? 0 : 1))
        {
            // The run that loaded it did not live to say so.
            if (state?.Drift?.Holds.Contains(hold.HoldId) == true) catalog.Holds.Loaded(hold.HoldId, _table, state.RunId, state.TableVersion);
            else if (hold.State == HoldState.Rejected) PutAside(hold);
            else next ??= hold;
        }
        // A definition that no longer asks has answered.
        if (next is { State: HoldState.Pending } && (job.Drift == DriftPolicy.Hold || job.DriftColumns.Values.Contains(DriftPolicy.Hold)))
            throw Failure(next, next.RunId == request.RunId ? "" : $" {next.RunId} has read it, and no run reads more until then.");
        if (next is null) return null;
        // The decision holds all the same; it is done with once the rows that are read now are in the table.
        if (!Adopt(next)) return (next, false);
        log.Info($"What {(next.RunId == request.RunId ? "an earlier attempt" : next.RunId)} has landed is loaded: {(next.State == HoldState.Approved ? $"its changes were approved ({string.Join(", ", next.Changes)})" : "the job's drift rules no longer hold it")}. The source is not read.");
        return (next, true);
    }

    /// <summary>Notes that this run's landed copy waits for a person.</summary>
    /// <returns>What the run ends with.</returns>
    public JobFailedException Hold(HeldChanges held, RowCounts counts, Extraction extraction, SchemaHold? goesOn)
    {
        var hold = new SchemaHold
        {
            HoldId = $"{request.RunId}-{table}", Table = _table, Pipeline = request.Pipeline, JobId = request.JobId, RunId = request.RunId, RunTime = request.RunTime, BackfillInterval = Interval,
            HeldAt = DateTimeOffset.UtcNow, Changes = [.. goesOn?.Changes.Where(c => !held.Changes.Any(n => n.Column == c.Column)) ?? [], .. held.Changes], Renames = held.Renames, Decision = goesOn?.Decision, RowsRead = counts.Read, RowsRejected = counts.Rejected, Bytes = extraction.Files.Sum(f => f.Size),
        };
        catalog.Holds.Record(hold, goesOn?.HoldId);
        return Failure(hold, "");
    }

    /// <summary>What the table's state remembers of decisions once this run's rows are in it.</summary>
    public static DriftMemory? Remember(DriftMemory? known, SchemaHold? loaded)
    {
        if (loaded is null) return known;
        var memory = known ?? new DriftMemory();
        var renames = new Dictionary<string, string>(memory.Renames, StringComparer.Ordinal);
        foreach (var (source, column) in loaded.Decision?.Renames ?? new Dictionary<string, string>()) renames[source] = column;
        var renamed = renames.Values.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new DriftMemory
        {
            Renames = renames,
            Discarded = [.. memory.Discarded.Union(loaded.Decision?.Discard.Where(c => loaded.Changes.Any(d => d.Column == c && d.Kind == DifferenceKind.Added)) ?? [], StringComparer.OrdinalIgnoreCase)],
            MayMiss = loaded.State != HoldState.Approved ? memory.MayMiss
                : [.. memory.MayMiss.Union(loaded.Changes.Where(c => c.Kind == DifferenceKind.Removed && !renamed.Contains(c.Column)).Select(c => c.Column), StringComparer.OrdinalIgnoreCase)],
            Holds = [.. memory.Holds.Append(loaded.HoldId).Distinct().TakeLast(Remembered)],
        };
    }

    /// <summary>The landed copy is in the table, or had nothing new for it.</summary>
    public void Done(SchemaHold hold, long? version) => catalog.Holds.Loaded(hold.HoldId, _table, request.RunId, version);

    /// <summary>The same, for an attempt that finds the commit done.</summary>
    public void Done(JobState? state)
    {
        foreach (var hold in catalog.Holds.Open(_table, request.Pipeline, request.JobId).Where(h => state?.Drift?.Holds.Contains(h.HoldId) == true)) catalog.Holds.Loaded(hold.HoldId, _table, state!.RunId, state.TableVersion);
    }

    private JobFailedException Failure(SchemaHold hold, string more) => new(RunHeld.Code,
        $"The source of {_table} has changed, and its job asks a person first: {string.Join(", ", hold.Changes)}. What was read ({hold.RowsRead} records) is kept in the landing layer, and nothing was published.{more}",
        $"Look at the changes of {_table} and approve or reject them: in the workbench, or by: flowforge drift approve {hold.HoldId}. Then retry the run, or start the next one: it loads what was landed.");

    /// <summary>Makes the held copy this run's own, as if an earlier attempt had landed it.</summary>
    private bool Adopt(SchemaHold hold)
    {
        var (theirs, mine) = (place(hold.RunId, hold.RunTime), place(request.RunId, request.RunTime));
        var ok = theirs.HasAll();
        if (!ok) log.Warning($"The landed copy of {hold.RunId} is not whole any more: the source is read anew.");
        else if (hold.RunId != request.RunId) mine.TakeOver(theirs);
        return ok;
    }

    private void PutAside(SchemaHold hold)
    {
        if (hold.RunId != request.RunId) return;
        place(request.RunId, request.RunTime).PutAside();
        catalog.Holds.PutAside(hold.HoldId, _table, request.RunId);
        log.Info($"{hold.HoldId} was rejected: the source is read anew.");
    }
}
