using Temporalio.Api.Common.V1;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>A schedule with what it did and will do. Times are UTC.</summary>
public sealed class ScheduleDescription
{
    internal ScheduleDescription(string id, DescribeScheduleResponse raw) => (Id, Raw) = (id, raw);

    public string Id { get; }

    public DescribeScheduleResponse Raw { get; }

    public Schedule Schedule => Raw.Schedule;

    public bool Paused => Raw.Schedule.State?.Paused ?? false;

    public string Note => Raw.Schedule.State?.Notes ?? "";

    public IReadOnlyList<DateTimeOffset> NextTimes => [.. (Raw.Info?.FutureActionTimes ?? []).Select(t => t.ToDateTimeOffset())];

    public IReadOnlyList<ScheduleActionResult> RecentActions => Raw.Info?.RecentActions ?? [];

    public IReadOnlyList<WorkflowExecution> RunningWorkflows => Raw.Info?.RunningWorkflows ?? [];

    public long ActionCount => Raw.Info?.ActionCount ?? 0;
}

/// <summary>A schedule as a list shows it.</summary>
public sealed class ScheduleSummary
{
    internal ScheduleSummary(ScheduleListEntry raw) => Raw = raw;

    public ScheduleListEntry Raw { get; }

    public string Id => Raw.ScheduleId;

    public string WorkflowType => Raw.Info?.WorkflowType?.Name ?? "";

    public bool Paused => Raw.Info?.Paused ?? false;

    public string Note => Raw.Info?.Notes ?? "";

    public IReadOnlyList<DateTimeOffset> NextTimes => [.. (Raw.Info?.FutureActionTimes ?? []).Select(t => t.ToDateTimeOffset())];
}

/// <summary>A schedule of this id exists already.</summary>
public sealed class ScheduleAlreadyExistsException(string id, Exception inner) : Exception($"Schedule '{id}' exists already.", inner);

/// <summary>There is no schedule of this id.</summary>
public sealed class ScheduleNotFoundException(string id, Exception inner) : Exception($"There is no schedule '{id}'.", inner);
