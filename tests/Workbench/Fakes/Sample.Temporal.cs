using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Tests.Fakes;

public sealed partial class Sample
{
    public const string OpenWorkflow = "run/run_8f20";
    public const string FailedWorkflow = "run/run_8f1f";
    public const string NightlySchedule = "pipeline/flights";

    public IReadOnlyList<WorkflowEntry> Workflows { get; init; } = [];
    public IReadOnlyList<ScheduleDetail> Schedules { get; init; } = [];

    public static IReadOnlyList<WorkflowEntry> SomeWorkflows { get; } =
    [
        Entry(OpenWorkflow, WorkflowState.Running, 1), Entry(FailedWorkflow, WorkflowState.Failed, 6), Entry("run/run_8f1e", WorkflowState.Completed, 9), Entry("orders-2026-11-20T02:00:00Z", WorkflowState.TimedOut, 31),
        Entry("orders/cancelled by hand", WorkflowState.Canceled, 44), Entry("orders/gone", WorkflowState.Terminated, 71), Entry("counter", WorkflowState.ContinuedAsNew, 90),
        .. Enumerable.Range(0, 130).Select(i => Entry($"run/run_7{i:x3}", WorkflowState.Completed, 200 + i * 7)),
    ];

    public static IReadOnlyList<ScheduleDetail> SomeSchedules { get; } =
    [
        new()
        {
            Id = NightlySchedule, WorkflowType = "flowforge.scheduled_start", WorkflowId = "schedule/flights", TaskQueue = "flowforge", Paused = false, Note = "made by the pipeline", Spec = ["At 02:00 every day (Europe/Berlin)"],
            TimeZone = "Europe/Berlin", Overlap = "skip", CatchupSeconds = 86_400, Actions = 128, Skipped = 2, CreatedAt = Now.AddDays(-128), Input = [AsJson(new { pipeline = "flights", version = 3 })],
            NextTimes = [.. Enumerable.Range(1, 10).Select(i => Now.Date.ToUniversalTime().AddDays(i).AddHours(1))],
            RecentActions = [new(Now.AddHours(-9), Now.AddHours(-9).AddSeconds(1), "schedule/flights-2026-11-21T01:00:00Z", "11111111-2222", WorkflowState.Completed), new(Now.AddHours(-33), Now.AddHours(-33), "schedule/flights-2026-11-20T01:00:00Z", "11111111-3333", WorkflowState.Failed)],
            LastAction = new(Now.AddHours(-9), Now.AddHours(-9), "schedule/flights-2026-11-21T01:00:00Z", "11111111-2222", WorkflowState.Completed),
        },
        new() { Id = "reports", WorkflowType = "report", WorkflowId = "report", TaskQueue = "reports", Paused = true, Note = "paused for the move", Spec = ["Every 15 minutes of the hours 8 to 18 on Monday to Friday (UTC)", "Every 6 hours"], Overlap = "buffer one" },
    ];

    public WorkflowDetail? Workflow(string id) => Workflows.FirstOrDefault(w => w.Id == id) is not { } w ? null : new WorkflowDetail
    {
        Id = w.Id, Run = w.Run, Type = w.Type, TaskQueue = w.TaskQueue, State = w.State, StartedAt = w.StartedAt, ClosedAt = w.ClosedAt, Seconds = w.Seconds, Events = w.Events, Bytes = w.Bytes, RunTimeoutSeconds = 86_400,
        Summary = "flights version 3, started by hand", Parent = w.State == WorkflowState.Running ? "backfill/flights" : null,
        Input = [AsJson(new { run = "run_8f20", pipeline = "flights", version = 3, jobs = new[] { "ingest.airports", "ingest.flights" } })],
        Result = w.State == WorkflowState.Completed ? [AsJson(new { succeeded = 7 })] : [], SearchAttributes = new Dictionary<string, JsonElement> { ["FlowForgePipeline"] = AsJson("flights") },
        Failure = w.State == WorkflowState.Failed ? "FF2020: flights-2001.json, record 88,120: Malformed JSON\ncaused by unexpected end of data" : null,
        PendingActivities = w.State != WorkflowState.Running ? [] :
        [
            new() { Id = "ingest.flights", Type = "run-job", State = "started", Attempt = 1, HeartbeatAt = Now, Heartbeat = [AsJson(new { phase = "read", rows = 1_204_331, share = 0.41 })], LastWorker = "4711@flow" },
            new() { Id = "ingest.weather", Type = "run-job", State = "scheduled", Attempt = 3, MaximumAttempts = 5, LastFailure = "FF2004: https://api.example/weather answered 503\ncaused by Service Unavailable", NextAttemptAt = Now.AddMinutes(40) },
        ],
        PendingChildren = w.State == WorkflowState.Running ? [new PendingChild("backfill/flights/2001", "99999999-1", "flowforge.pipeline", "terminate")] : [],
    };

    public static PendingTimers Timers { get; } = new([new PendingTimer("patience", 9, Now, Now.AddMinutes(30), null)], true);

    public static IReadOnlyList<WorkflowEvent> Events { get; } =
    [
        Event(1, "WorkflowExecutionStarted", "flowforge.pipeline", new { workflowType = "flowforge.pipeline", taskQueue = new { name = "flowforge" }, input = new[] { new { run = "run_8f20" } } }),
        Event(2, "WorkflowTaskScheduled", null, new { attempt = 1 }), Event(3, "WorkflowTaskStarted", null, new { scheduledEventId = 2 }), Event(4, "WorkflowTaskCompleted", null, new { startedEventId = 3 }),
        Event(5, "ActivityTaskScheduled", "run-job · ingest.airports", new { activityId = "ingest.airports", activityType = "run-job" }), Event(6, "ActivityTaskStarted", "#5 · attempt 1", new { scheduledEventId = 5 }),
        Event(7, "ActivityTaskFailed", "#5 · the disk is full", new { scheduledEventId = 5, failure = new { message = "the disk is full" } }),
        Event(8, "WorkflowExecutionSignaled", "pause", new { signalName = "pause" }), Event(9, "TimerStarted", "patience · 30 s", new { timerId = "patience" }),
        .. Enumerable.Range(10, 160).Select(i => Event(i, "MarkerRecorded", $"mark {i}", new { markerName = $"mark {i}" })),
        Event(170, "ActivityTaskCompleted", "#5", new { scheduledEventId = 5, result = new[] { new { loaded = 3376 } } }),
    ];

    private static WorkflowEntry Entry(string id, WorkflowState state, int minutesAgo) => new()
    {
        Id = id, Run = $"0190{minutesAgo:x4}-5a2b-7c11-9d3e-{Math.Abs(id.GetHashCode(StringComparison.Ordinal)):x12}", Type = id.StartsWith("run/", StringComparison.Ordinal) ? "flowforge.pipeline" : "orders", TaskQueue = "flowforge", State = state,
        StartedAt = Now.AddMinutes(-minutesAgo), ClosedAt = state == WorkflowState.Running ? null : Now.AddMinutes(-minutesAgo).AddSeconds(34), Seconds = state == WorkflowState.Running ? null : 34.2, Events = 170, Bytes = 48_200,
    };

    private static WorkflowEvent Event(long id, string type, string? about, object details) => new(id, Now.AddSeconds(id - 200), type, about, type.EndsWith("Started", StringComparison.Ordinal) ? "4711@flow" : null, AsJson(details));

    private static JsonElement AsJson(object value) => JsonSerializer.SerializeToElement(value, ContractsJson.Options);
}
