using System.Globalization;
using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Ingest.Reading;
using FlowForge.Lake;

namespace FlowForge.Ingest.Publishing;

/// <summary>What the commit of a job says of its run, and what a later attempt of the run reads from it again.</summary>
/// <param name="job">The job's name.</param>
/// <param name="request">The run; a replay says that it is one.</param>
internal sealed class CommitNotes(string job, JobRequest request)
{
    /// <summary>How the rows of a run are committed.</summary>
    /// <param name="loaded">The rows.</param>
    /// <param name="outcome">What the run is to answer, but for the version.</param>
    /// <param name="state">What the commit remembers for the job's next runs; what is of this run is filled in.</param>
    public CommitOptions Of(LoadedRows loaded, JobOutcome outcome, JobState state)
    {
        var counts = loaded.Counts;
        return new CommitOptions
        {
            Mode = loaded.Staged.Mode,
            Transaction = (request.ApplicationId, request.TxnVersion),
            Schema = loaded.Schema,
            State = state with { RunId = request.RunId, Rows = new RowEquation(counts.Read, counts.Loaded, counts.Rejected, counts.Deduplicated, counts.Filtered), Outcome = JsonSerializer.Serialize(outcome) },
            Info = Info(counts, loaded.Staged.Changes),
        };
    }

    /// <summary>The outcome of the attempt that committed.</summary>
    /// <param name="snapshot">The table with its commit.</param>
    /// <param name="table">For people.</param>
    /// <param name="log">Told that there is one.</param>
    public JobOutcome Recorded(TableSnapshot snapshot, string table, IJobLog log)
    {
        var state = snapshot.StateOf(request.ApplicationId);
        var version = state?.TableVersion ?? snapshot.Version;
        log.Info($"An earlier attempt has committed this already: {table}, version {version}.");
        var outcome = state?.TransactionVersion == request.TxnVersion && state.Outcome is { } json ? JsonSerializer.Deserialize<JobOutcome>(json)! : new JobOutcome { Counts = default, Table = table };
        return outcome with { TableVersion = version, AlreadyDone = true };
    }

    /// <summary>For readers of the log.</summary>
    private Dictionary<string, string> Info(RowCounts counts, RowChanges changes)
    {
        var info = new Dictionary<string, string> { ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = job };
        if (request.Replay is not null) info["trigger"] = "replay";
        Add(("read", counts.Read), ("loaded", counts.Loaded), ("rejected", counts.Rejected), ("deduplicated", counts.Deduplicated), ("filtered", counts.Filtered));
        if (request.Replay is null) Add(("inserted", changes.Inserted), ("updated", changes.Updated), ("deleted", changes.Deleted), ("unchanged", changes.Unchanged));
        return info;

        void Add(params ReadOnlySpan<(string Name, long Value)> numbers)
        {
            foreach (var (name, value) in numbers) info[name] = value.ToString(CultureInfo.InvariantCulture);
        }
    }
}
