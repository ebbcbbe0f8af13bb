using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.Lake;

namespace FlowForge.Datasets;

/// <summary>Outcomes of attempts that were committed, read back from the table's state.</summary>
internal static class DatasetOutcome
{
    /// <summary>The outcome that the commit with the request's transaction version recorded, or null when it was not committed.</summary>
    public static JobOutcome? Recorded(LakeTable table, JobRequest request)
    {
        var snapshot = table.Latest();
        if (snapshot?.TransactionVersion(request.ApplicationId) is not { } last || last < request.TxnVersion) return null;
        // A later run of the job may have committed since: its state names the version before which the wanted one lies.
        var state = snapshot.StateOf(request.ApplicationId);
        while (state is not null && state.TransactionVersion > request.TxnVersion) state = table.At(state.TableVersion - 1)?.StateOf(request.ApplicationId);
        var outcome = state?.Outcome is { } json ? JsonSerializer.Deserialize<JobOutcome>(json) : null;
        return (outcome ?? new JobOutcome { Counts = default, Table = table.Name }) with
        {
            AlreadyDone = true,
            TableVersion = state?.TableVersion ?? snapshot.Version,
            Note = "committed by an earlier attempt",
        };
    }
}
