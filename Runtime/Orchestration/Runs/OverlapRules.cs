using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Runs;

/// <summary>What the pipeline's <c>on_overlap</c> says when a run meets an open one. Thread-safe.</summary>
public sealed class OverlapRules(RunStore runs)
{
    /// <summary>Open runs of the pipeline, oldest first.</summary>
    public IReadOnlyList<RunRecord> Open(string pipeline) => [.. runs.Open().Where(r => r.Pipeline == pipeline)];

    /// <summary>The older open run that this queued one waits for; null when it may begin.</summary>
    public RunRecord? Blocker(RunRecord run, OverlapPolicy policy) => policy == OverlapPolicy.Allow
        ? null
        : Open(run.Pipeline).FirstOrDefault(other => other.RunId != run.RunId
            && (other.QueuedAt < run.QueuedAt || (other.QueuedAt == run.QueuedAt && string.CompareOrdinal(other.RunId, run.RunId) < 0)));
}
