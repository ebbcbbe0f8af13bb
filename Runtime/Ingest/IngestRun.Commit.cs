using System.Globalization;
using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Ingest.Drifting;
using FlowForge.Ingest.Formats;
using FlowForge.Ingest.Publishing;
using FlowForge.Ingest.Reading;
using FlowForge.Ingest.Rejects;
using FlowForge.Ingest.Sources;
using FlowForge.Lake;
using FlowForge.Pipelines;
using FlowForge.PluginHost;
using FlowForge.Plugins;

namespace FlowForge.Ingest;

/// <summary>What the commit says of the run, and what is read from it again.</summary>
internal sealed partial class IngestRun
{
    /// <summary>A backfill of an incremental job takes only its interval's rows: the files count as unseen, for the rest of their rows is still to be read.</summary>
    private bool TakesInterval => request.KeepCursor && job.IncrementalMode == IncrementalMode.Incremental;

    private CommitOptions CommitOptionsFor(LoadedRows loaded, Extraction extraction, List<SeenFile> seen, JobState? state, JobOutcome outcome, RejectsPlace? rejects, IReadOnlyDictionary<string, long> children)
    {
        var counts = loaded.Counts;
        var replaces = job.WriteMode == Pipelines.WriteMode.Replace;
        return new CommitOptions
        {
            Mode = loaded.Staged.Mode,
            Transaction = (request.ApplicationId, request.TxnVersion),
            Schema = loaded.Schema,
            State = new JobState
            {
                Pipeline = request.Pipeline,
                Job = job.Name,
                RunId = request.RunId,
                Rows = new RowEquation(counts.Read, counts.Loaded, counts.Rejected, counts.Deduplicated, counts.Filtered),
                Cursor = TakesInterval ? state?.Cursor : loaded.Staged.Cursor ?? extraction.Cursor ?? state?.Cursor,
                Rejects = rejects?.ToString(),
                Children = children,
                Drift = Drifting.Holds.Remember(state?.Drift, _goesOn),
                Outcome = JsonSerializer.Serialize(outcome),
                FilesSeen = TakesInterval ? state?.FilesSeen ?? [] : replaces ? seen : [.. state?.FilesSeen ?? [], .. seen],
                FilesOfCommit = TakesInterval ? 0 : seen.Count,
            },
            Info = new Dictionary<string, string>
            {
                ["run"] = request.RunId, ["pipeline"] = request.Pipeline, ["job"] = job.Name,
                ["read"] = Text(counts.Read), ["loaded"] = Text(counts.Loaded), ["rejected"] = Text(counts.Rejected), ["deduplicated"] = Text(counts.Deduplicated), ["filtered"] = Text(counts.Filtered),
                ["inserted"] = Text(loaded.Staged.Changes.Inserted), ["updated"] = Text(loaded.Staged.Changes.Updated), ["deleted"] = Text(loaded.Staged.Changes.Deleted), ["unchanged"] = Text(loaded.Staged.Changes.Unchanged),
            },
        };

        static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The outcome of the attempt that committed.</summary>
    private JobOutcome Recorded(TableSnapshot snapshot)
    {
        var state = snapshot.StateOf(request.ApplicationId);
        log.Info($"An earlier attempt has committed this already: {TableText}, version {state?.TableVersion ?? snapshot.Version}.");
        var outcome = state?.TransactionVersion == request.TxnVersion && state.Outcome is { } json ? JsonSerializer.Deserialize<JobOutcome>(json)! : new JobOutcome { Counts = default, Table = TableText };
        Holds.Done(state);
        return outcome with { TableVersion = state?.TableVersion ?? snapshot.Version, AlreadyDone = true };
    }
}
