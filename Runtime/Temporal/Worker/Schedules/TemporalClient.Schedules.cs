using System.Runtime.CompilerServices;
using FlowForge.Temporal.Protocol;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Schedule.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Schedules: the server starts workflows by the calendar, without any client.</summary>
public sealed partial class TemporalClient
{
    /// <param name="triggerNow">Also starts the workflow once, at once.</param>
    /// <exception cref="ScheduleAlreadyExistsException">There is one with this id.</exception>
    public async Task CreateScheduleAsync(string id, ScheduleDefinition definition, bool triggerNow = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(definition);
        try
        {
            await CallAsync<CreateScheduleResponse>(new CreateScheduleRequest
            {
                Namespace = Namespace,
                ScheduleId = id,
                Schedule = ScheduleRequests.Schedule(this, definition),
                InitialPatch = triggerNow ? new SchedulePatch { TriggerImmediately = new TriggerImmediatelyRequest { OverlapPolicy = definition.Overlap } } : null,
                Identity = Identity,
                RequestId = Guid.NewGuid().ToString(),
            }, cancellation).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Code == GrpcCode.AlreadyExists)
        {
            throw new ScheduleAlreadyExistsException(id, e);
        }
    }

    /// <summary>Replaces the definition; what already ran stays counted.</summary>
    /// <exception cref="ScheduleNotFoundException">There is none with this id.</exception>
    public Task UpdateScheduleAsync(string id, ScheduleDefinition definition, CancellationToken cancellation = default) =>
        ScheduleCallAsync<UpdateScheduleResponse>(id, new UpdateScheduleRequest
        {
            Namespace = Namespace,
            ScheduleId = id,
            Schedule = ScheduleRequests.Schedule(this, definition),
            Identity = Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, cancellation);

    /// <summary>Creates the schedule, or replaces its definition when it exists.</summary>
    public async Task PutScheduleAsync(string id, ScheduleDefinition definition, CancellationToken cancellation = default)
    {
        try
        {
            await CreateScheduleAsync(id, definition, triggerNow: false, cancellation).ConfigureAwait(false);
        }
        catch (ScheduleAlreadyExistsException)
        {
            await UpdateScheduleAsync(id, definition, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Removes it; workflows that it started go on.</summary>
    /// <exception cref="ScheduleNotFoundException">There is none with this id.</exception>
    public Task DeleteScheduleAsync(string id, CancellationToken cancellation = default) =>
        ScheduleCallAsync<DeleteScheduleResponse>(id, new DeleteScheduleRequest { Namespace = Namespace, ScheduleId = id, Identity = Identity }, cancellation);

    /// <exception cref="ScheduleNotFoundException">There is none with this id.</exception>
    public async Task<ScheduleDescription> DescribeScheduleAsync(string id, CancellationToken cancellation = default) => new(id,
        await ScheduleCallAsync<DescribeScheduleResponse>(id, new DescribeScheduleRequest { Namespace = Namespace, ScheduleId = id }, cancellation).ConfigureAwait(false));

    public async IAsyncEnumerable<ScheduleSummary> ListSchedulesAsync(string query = "", [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var request = new ListSchedulesRequest { Namespace = Namespace, Query = query, MaximumPageSize = 200 };
        do
        {
            var page = await CallAsync<ListSchedulesResponse>(request, cancellation).ConfigureAwait(false);
            foreach (var entry in page.Schedules)
            {
                yield return new ScheduleSummary(entry);
            }
            request.NextPageToken = page.NextPageToken;
        }
        while (!request.NextPageToken.IsEmpty);
    }

    public Task PauseScheduleAsync(string id, string note = "", CancellationToken cancellation = default) =>
        PatchAsync(id, new SchedulePatch { Pause = note.Length > 0 ? note : "Paused" }, cancellation);

    public Task UnpauseScheduleAsync(string id, string note = "", CancellationToken cancellation = default) =>
        PatchAsync(id, new SchedulePatch { Unpause = note.Length > 0 ? note : "Unpaused" }, cancellation);

    /// <summary>Starts the workflow now, whatever the calendar says.</summary>
    /// <param name="overlap">Unspecified means the schedule's own policy.</param>
    public Task TriggerScheduleAsync(string id, ScheduleOverlapPolicy overlap = ScheduleOverlapPolicy.Unspecified, CancellationToken cancellation = default) =>
        PatchAsync(id, new SchedulePatch { TriggerImmediately = new TriggerImmediatelyRequest { OverlapPolicy = overlap } }, cancellation);

    /// <summary>Starts the workflow for each time that the calendar has between <paramref name="from"/> and <paramref name="to"/>.</summary>
    public Task BackfillScheduleAsync(string id, DateTimeOffset from, DateTimeOffset to, ScheduleOverlapPolicy overlap = ScheduleOverlapPolicy.Unspecified, CancellationToken cancellation = default) =>
        PatchAsync(id, new SchedulePatch
        {
            BackfillRequest = { new BackfillRequest { StartTime = Timestamp.FromDateTimeOffset(from), EndTime = Timestamp.FromDateTimeOffset(to), OverlapPolicy = overlap } },
        }, cancellation);

    private Task<PatchScheduleResponse> PatchAsync(string id, SchedulePatch patch, CancellationToken cancellation) =>
        ScheduleCallAsync<PatchScheduleResponse>(id, new PatchScheduleRequest
        {
            Namespace = Namespace,
            ScheduleId = id,
            Patch = patch,
            Identity = Identity,
            RequestId = Guid.NewGuid().ToString(),
        }, cancellation);

    private async Task<TResponse> ScheduleCallAsync<TResponse>(string id, IMessage request, CancellationToken cancellation)
        where TResponse : IMessage<TResponse>, new()
    {
        try
        {
            return await CallAsync<TResponse>(request, cancellation).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Code == GrpcCode.NotFound)
        {
            throw new ScheduleNotFoundException(id, e);
        }
    }
}
