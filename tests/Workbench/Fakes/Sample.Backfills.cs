using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    private static readonly DateTimeOffset May = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    public List<BackfillSummary> Backfills { get; } =
    [
        Backfill("bf_now", RunState.Running, 31, succeeded: 12, failed: 1, active: 2),
        Backfill("bf_bad", RunState.Failed, 7, succeeded: 5, failed: 2) with { Error = "2 of 7 runs failed.", FinishedAt = Now.AddHours(-20) },
        Backfill("bf_done", RunState.Succeeded, 90, succeeded: 90) with { FinishedAt = Now.AddDays(-2) },
    ];

    public static BackfillPreview Preview(string pipeline, StartBackfill body) => new(pipeline, 3, body.Step ?? "schedule", 2,
    [
        new(new(May, May.AddDays(1)), false, "succeeded in run_7c11", "run_7c11", RunState.Succeeded),
        new(new(May.AddDays(1), May.AddDays(2)), true, "run_7c12 failed", "run_7c12", RunState.Failed),
        new(new(May.AddDays(2), May.AddDays(3)), true, "no run yet", null, null),
    ]);

    private static BackfillSummary Backfill(string id, RunState state, int total, int succeeded, int failed = 0, int active = 0) => new()
    {
        Backfill = id, Pipeline = "flights", PipelineVersion = 3, State = state, Range = new(May, May.AddDays(total)), Step = "schedule", Only = BackfillOnly.NotSucceeded, MaxParallel = 2,
        CreatedAt = Now.AddHours(-1), Total = total, Succeeded = succeeded, Failed = failed, Active = active,
    };
}
