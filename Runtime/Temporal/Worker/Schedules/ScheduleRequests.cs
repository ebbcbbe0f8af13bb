using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.Workflow.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>A schedule definition as the server's message.</summary>
internal static class ScheduleRequests
{
    public static Schedule Schedule(TemporalClient client, ScheduleDefinition d)
    {
        var spec = new ScheduleSpec
        {
            TimezoneName = d.TimeZone ?? "",
            StartTime = d.StartAt is { } start ? Timestamp.FromDateTimeOffset(start) : null,
            EndTime = d.EndAt is { } end ? Timestamp.FromDateTimeOffset(end) : null,
            Jitter = d.Jitter.ToWire(),
        };
        spec.CronString.AddRange(d.Cron);
        spec.StructuredCalendar.AddRange(d.Calendars);
        spec.Interval.AddRange(d.Intervals.Select(i => new IntervalSpec { Interval = Duration.FromTimeSpan(i.Every), Phase = Duration.FromTimeSpan(i.Offset) }));
        return new Schedule
        {
            Spec = spec,
            Action = new ScheduleAction { StartWorkflow = Workflow(client, d.Workflow) },
            Policies = new SchedulePolicies { OverlapPolicy = d.Overlap, CatchupWindow = d.CatchupWindow.ToWire(), PauseOnFailure = d.PauseOnFailure },
            State = new ScheduleState
            {
                Paused = d.Paused,
                Notes = d.Note,
                LimitedActions = d.RemainingActions is not null,
                RemainingActions = d.RemainingActions ?? 0,
            },
        };
    }

    private static NewWorkflowExecutionInfo Workflow(TemporalClient client, ScheduledWorkflow w) => new()
    {
        WorkflowId = w.Options.Id,
        WorkflowType = new() { Name = w.WorkflowType },
        TaskQueue = WireMaps.Queue(w.Options.TaskQueue),
        Input = client.Converter.ToPayloads(w.Input),
        WorkflowExecutionTimeout = w.Options.ExecutionTimeout.ToWire(),
        WorkflowRunTimeout = w.Options.RunTimeout.ToWire(),
        WorkflowTaskTimeout = w.Options.TaskTimeout.ToWire(),
        RetryPolicy = w.Options.Retry?.ToWire(),
        Memo = WireMaps.Memo(w.Options.Memo, client.Converter),
        SearchAttributes = SearchAttribute.ToWire(w.Options.SearchAttributes),
        UserMetadata = WireMaps.Summary(w.Options.Summary, client.Converter),
    };
}
