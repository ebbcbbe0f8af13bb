using FlowForge.Contracts;
using FlowForge.Orchestration.Backfills;

namespace FlowForge.Api.Mapping;

/// <summary>Backfills as the API shows them.</summary>
internal static class BackfillMapping
{
    public static BackfillRequest ToRequest(string pipeline, StartBackfill body) => new(
        pipeline, new(body.From.ToUniversalTime(), body.To.ToUniversalTime()), string.IsNullOrWhiteSpace(body.Step) ? null : body.Step.Trim(),
        Enum.Parse<Catalog.BackfillOnly>(body.Only.ToString()), body.MaxParallel, body.Jobs ?? [], body.Parameters ?? new Dictionary<string, string>());

    public static BackfillInterval ToInterval(PlannedInterval planned) => new(
        new DataInterval(planned.Interval.Start, planned.Interval.End), planned.Runs, planned.Reason, planned.RunId, planned.State is { } s ? RunMapping.ToState(s) : null);

    public static BackfillSummary ToSummary(Catalog.BackfillRecord backfill, IReadOnlyDictionary<Catalog.RunState, int> progress)
    {
        return new()
        {
            Backfill = backfill.BackfillId, Pipeline = backfill.Pipeline, PipelineVersion = backfill.PipelineVersion, State = RunMapping.ToState(backfill.State),
            Range = new DataInterval(backfill.Range.Start, backfill.Range.End), Step = backfill.Step, Only = Enum.Parse<BackfillOnly>(backfill.Only.ToString()),
            MaxParallel = backfill.MaxParallel, Jobs = backfill.JobIds, Parameters = backfill.Parameters, CreatedAt = backfill.CreatedAt, FinishedAt = backfill.FinishedAt,
            Total = backfill.Intervals.Count, Succeeded = Count(Catalog.RunState.Succeeded), Failed = Count(Catalog.RunState.Failed), Cancelled = Count(Catalog.RunState.Cancelled),
            Active = Count(Catalog.RunState.Queued) + Count(Catalog.RunState.Running), Error = backfill.Error?.Message
        };

        int Count(Catalog.RunState state) => progress.GetValueOrDefault(state);
    }
}
