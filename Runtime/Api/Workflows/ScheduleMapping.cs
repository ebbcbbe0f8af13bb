using FlowForge.Contracts;
using FlowForge.Temporal.Worker;
using Temporalio.Api.Schedule.V1;
using ScheduleAction = FlowForge.Contracts.ScheduleAction;

namespace FlowForge.Api.Workflows;

/// <summary>Schedules in the API's words.</summary>
internal static class ScheduleMapping
{
    public static ScheduleEntry ToEntry(ScheduleSummary s) => new()
    {
        Id = s.Id, WorkflowType = s.WorkflowType, Paused = s.Paused, Note = WorkflowMapping.Text(s.Note), Spec = ScheduleWords.Describe(s.Raw.Info?.Spec),
        NextTimes = s.Paused ? [] : s.NextTimes, LastAction = s.Raw.Info?.RecentActions.LastOrDefault() is { } last ? ToAction(last) : null
    };

    public static ScheduleDetail ToDetail(ScheduleDescription d)
    {
        var (schedule, info) = (d.Schedule, d.Raw.Info);
        var start = schedule.Action?.StartWorkflow;
        return new ScheduleDetail
        {
            Id = d.Id, WorkflowType = start?.WorkflowType?.Name ?? "", Paused = d.Paused, Note = WorkflowMapping.Text(d.Note), Spec = ScheduleWords.Describe(schedule.Spec),
            NextTimes = d.Paused ? [] : d.NextTimes, WorkflowId = start?.WorkflowId ?? "", TaskQueue = start?.TaskQueue?.Name ?? "", Input = MessageJson.Values(start?.Input),
            TimeZone = WorkflowMapping.Text(schedule.Spec?.TimezoneName), From = WorkflowMapping.Time(schedule.Spec?.StartTime), Until = WorkflowMapping.Time(schedule.Spec?.EndTime),
            JitterSeconds = WorkflowMapping.Seconds(schedule.Spec?.Jitter),
            Overlap = schedule.Policies?.OverlapPolicy is { } policy and not 0 ? WorkflowMapping.Words(policy) : "skip",
            CatchupSeconds = WorkflowMapping.Seconds(schedule.Policies?.CatchupWindow), PauseOnFailure = schedule.Policies?.PauseOnFailure ?? false,
            RemainingActions = schedule.State is { LimitedActions: true } state ? state.RemainingActions : null,
            Actions = d.ActionCount, Missed = info?.MissedCatchupWindow ?? 0, Skipped = info?.OverlapSkipped ?? 0,
            CreatedAt = WorkflowMapping.Time(info?.CreateTime), UpdatedAt = WorkflowMapping.Time(info?.UpdateTime),
            RecentActions = [.. d.RecentActions.Reverse().Select(ToAction)], LastAction = d.RecentActions is [.., var last] ? ToAction(last) : null,
            Running = [.. d.RunningWorkflows.Select(w => new WorkflowKey(w.WorkflowId, WorkflowMapping.Text(w.RunId)))]
        };
    }

    private static ScheduleAction ToAction(ScheduleActionResult a) => new(WorkflowMapping.Time(a.ScheduleTime) ?? default, WorkflowMapping.Time(a.ActualTime) ?? default,
        WorkflowMapping.Text(a.StartWorkflowResult?.WorkflowId), WorkflowMapping.Text(a.StartWorkflowResult?.RunId), WorkflowMapping.ToState(a.StartWorkflowStatus));
}
