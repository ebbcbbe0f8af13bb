using FlowForge.Catalog;
using FlowForge.Orchestration.Workflow;

namespace FlowForge.Orchestration.Backfills;

/// <summary>Names on the wire. They are in the histories of open backfills: never change one, add another.</summary>
public static class BackfillNames
{
    public const string Workflow = "flowforge.backfill";
    public const string RecordActivity = "flowforge.record_backfill_run";
    public const string FinishActivity = "flowforge.finish_backfill";
    public const string FinishId = "finish";

    public static string WorkflowId(string backfillId) => "backfill/" + backfillId;

    public static string RecordId(string runId) => "record." + runId;
}

/// <summary>Start payload of a backfill: the plan travels with it. <see cref="Before"/> counts what earlier runs of the workflow have done.</summary>
public sealed record BackfillInput(
    string BackfillId, string Pipeline, int PipelineVersion, int MaxParallel, int MaxParallelJobs, IReadOnlyList<RunStep> Steps, IReadOnlyList<BackfillItem> Items, BackfillTally Before,
    int Attempts = 1, TimeSpan RetryDelay = default);

/// <summary>One interval and the run that is made for it.</summary>
public sealed record BackfillItem(string RunId, DateTimeOffset Start, DateTimeOffset End);

/// <summary>How the runs ended.</summary>
public readonly record struct BackfillTally(int Succeeded, int Failed, int Cancelled)
{
    public static BackfillTally operator +(BackfillTally a, BackfillTally b) => new(a.Succeeded + b.Succeeded, a.Failed + b.Failed, a.Cancelled + b.Cancelled);
}

public sealed record RecordRunInput(string BackfillId, BackfillItem Item);

public sealed record FinishBackfillInput(string BackfillId, RunState State, RunError? Error);
