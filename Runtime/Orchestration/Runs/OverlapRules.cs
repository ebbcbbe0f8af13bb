using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Runs;

/// <summary>
/// What the pipeline's <c>on_overlap</c> says when a run meets an open one. Runs of a backfill stand aside: they neither wait nor keep others waiting; each table has one
/// writer at a time anyway. Thread-safe.
/// </summary>
public sealed class OverlapRules(RunStore runs)
{
    /// <summary>Open runs of the pipeline, oldest first.</summary>
    public IReadOnlyList<RunRecord> Open(string pipeline) => [.. runs.Open().Where(r => r.Pipeline == pipeline && r.BackfillId is null)];

    /// <summary>The older open run that this queued one waits for; null when it may begin.</summary>
    /// <param name="most">The pipeline's <c>max_active_runs</c>: so many may be open beside each other before the policy counts.</param>
    public RunRecord? Blocker(RunRecord run, OverlapPolicy policy, int? most)
    {
        if (run.BackfillId is not null || (policy == OverlapPolicy.Allow && most is null)) return null;
        var older = Open(run.Pipeline).Where(other => other.RunId != run.RunId
            && (other.QueuedAt < run.QueuedAt || (other.QueuedAt == run.QueuedAt && string.CompareOrdinal(other.RunId, run.RunId) < 0))).ToArray();
        return older.Length >= (most ?? 1) ? older[0] : null;
    }
}
