using System.Buffers.Binary;
using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.DevServer.Schedules;
using FlowForge.Temporal.DevServer.Visibility;
using FlowForge.Temporal.Protocol.Server;
using Temporalio.Api.ErrorDetails.V1;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Temporal.DevServer.Frontend;

/// <summary>Schedules: create, describe, change, list, delete.</summary>
internal sealed class ScheduleHandlers(ServerState server)
{
    private const int MatchingTimesLimit = 1000;

    private readonly ScheduleFilter _filter = new(server.Database);

    public Task<CreateScheduleResponse> CreateSchedule(CreateScheduleRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.ScheduleId.Length == 0)
        {
            throw Requests.Invalid("ScheduleId is not set on request.");
        }
        Requests.CheckLength(request.ScheduleId, "ScheduleId");
        var schedule = Sound(ns, request.Schedule);
        Requests.CheckSize(request.Memo, "Memo");
        if (AttributeChecks.Fault(ns, request.SearchAttributes) is { } fault)
        {
            throw Requests.Invalid(fault);
        }
        return server.Executor.Run(() =>
        {
            if (server.Schedules.Find(ns, request.ScheduleId) is { } known)
            {
                return known.Record.RequestIds.Contains(request.RequestId) && request.RequestId.Length > 0
                    ? new CreateScheduleResponse { ConflictToken = Token(known) }
                    : throw new GrpcException(GrpcCode.AlreadyExists, $"schedule with this ID is already registered: {request.ScheduleId}",
                        new WorkflowExecutionAlreadyStartedFailure { StartRequestId = request.RequestId });
            }
            var entry = server.Schedules.Create(ns, new ScheduleRecord
            {
                ScheduleId = request.ScheduleId,
                Schedule = schedule,
                Memo = request.Memo,
                SearchAttributes = AttributeChecks.Typed(ns, request.SearchAttributes),
                RequestIds = { request.RequestId },
            });
            if (request.InitialPatch is { } patch)
            {
                entry.Apply(patch);
            }
            return new CreateScheduleResponse { ConflictToken = Token(entry) };
        });
    }

    public Task<DescribeScheduleResponse> DescribeSchedule(DescribeScheduleRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            var entry = Require(ns, request.ScheduleId);
            var info = entry.Info.Clone();
            info.StateSizeBytes = entry.Record.CalculateSize();
            return new DescribeScheduleResponse
            {
                Schedule = entry.Record.Schedule.Clone(),
                Info = info,
                Memo = entry.Record.Memo ?? new Memo(),
                SearchAttributes = entry.Record.SearchAttributes ?? new SearchAttributes(),
                ConflictToken = Token(entry),
            };
        });
    }

    public Task<UpdateScheduleResponse> UpdateSchedule(UpdateScheduleRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var schedule = Sound(ns, request.Schedule);
        if (AttributeChecks.Fault(ns, request.SearchAttributes) is { } fault)
        {
            throw Requests.Invalid(fault);
        }
        return server.Executor.Run(() =>
        {
            var entry = Require(ns, request.ScheduleId);
            if (!request.ConflictToken.IsEmpty && !request.ConflictToken.Equals(Token(entry)))
            {
                throw new GrpcException(GrpcCode.FailedPrecondition, "mismatched conflict token");
            }
            if (request.SearchAttributes is not null)
            {
                entry.Record.SearchAttributes = AttributeChecks.Typed(ns, request.SearchAttributes);
            }
            if (request.Memo is not null)
            {
                entry.Record.Memo = request.Memo;
            }
            entry.Change(schedule);
            return new UpdateScheduleResponse();
        });
    }

    public Task<PatchScheduleResponse> PatchSchedule(PatchScheduleRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            Require(ns, request.ScheduleId).Apply(request.Patch ?? new SchedulePatch());
            return new PatchScheduleResponse();
        });
    }

    public Task<ListScheduleMatchingTimesResponse> ListScheduleMatchingTimes(ListScheduleMatchingTimesRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        if (request.StartTime is null || request.EndTime is null)
        {
            throw Requests.Invalid("StartTime and EndTime must be set on request.");
        }
        return server.Executor.Run(() =>
        {
            var times = Require(ns, request.ScheduleId).MatchingTimes(request.StartTime.ToDateTime(), request.EndTime.ToDateTime(), MatchingTimesLimit);
            return new ListScheduleMatchingTimesResponse { StartTime = { times.Select(Times.Stamp) } };
        });
    }

    public Task<DeleteScheduleResponse> DeleteSchedule(DeleteScheduleRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() =>
        {
            server.Schedules.Delete(Require(ns, request.ScheduleId));
            return new DeleteScheduleResponse();
        });
    }

    public Task<ListSchedulesResponse> ListSchedules(ListSchedulesRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        var size = request.MaximumPageSize > 0 ? request.MaximumPageSize : 100;
        var after = request.NextPageToken.ToStringUtf8();
        return server.Executor.Run(() =>
        {
            var page = _filter.Apply(ns, request.Query, server.Schedules.All(ns))
                .Where(s => string.CompareOrdinal(s.Id, after) > 0).Take(size + 1).ToArray();
            var response = new ListSchedulesResponse();
            response.Schedules.AddRange(page.Take(size).Select(Entry));
            if (page.Length > size)
            {
                response.NextPageToken = ByteString.CopyFromUtf8(page[size - 1].Id);
            }
            return response;
        });
    }

    public Task<CountSchedulesResponse> CountSchedules(CountSchedulesRequest request, GrpcCall call)
    {
        var ns = server.Namespaces.Require(request.Namespace);
        return server.Executor.Run(() => new CountSchedulesResponse { Count = _filter.Apply(ns, request.Query, server.Schedules.All(ns)).Count() });
    }

    private static ScheduleListEntry Entry(ScheduleEntry entry)
    {
        var info = new ScheduleListInfo
        {
            Spec = entry.Record.Schedule.Spec,
            WorkflowType = entry.Record.Schedule.Action.StartWorkflow?.WorkflowType,
            Notes = entry.Record.Schedule.State.Notes,
            Paused = entry.Record.Schedule.State.Paused,
            StateSizeBytes = entry.Record.CalculateSize(),
        };
        info.RecentActions.AddRange(entry.Info.RecentActions.TakeLast(5));
        info.FutureActionTimes.AddRange(entry.Info.FutureActionTimes.Take(5));
        return new ScheduleListEntry
        {
            ScheduleId = entry.Id,
            Memo = entry.Record.Memo ?? new Memo(),
            SearchAttributes = entry.Record.SearchAttributes ?? new SearchAttributes(),
            Info = info.Clone(),
        };
    }

    private ScheduleEntry Require(NamespaceEntry ns, string id) =>
        server.Schedules.Find(ns, id) ?? throw Requests.NotFound($"schedule not found: {id}");

    private static ByteString Token(ScheduleEntry entry)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, entry.Record.ConflictToken);
        return ByteString.CopyFrom(bytes);
    }

    /// <summary>The schedule in canonical form, with nothing missing.</summary>
    private static Schedule Sound(NamespaceEntry ns, Schedule? given)
    {
        var schedule = given?.Clone() ?? throw Requests.Invalid("Schedule is not set on request.");
        try
        {
            schedule.Spec = CompiledSpec.Canonical(schedule.Spec);
        }
        catch (FormatException e)
        {
            throw Requests.Invalid($"invalid schedule spec: {e.Message}");
        }
        schedule.Policies ??= new SchedulePolicies();
        schedule.State ??= new Temporalio.Api.Schedule.V1.ScheduleState();
        var action = schedule.Action?.StartWorkflow ?? throw Requests.Invalid("schedule action is not set on request.");
        if (action.CronSchedule.Length > 0)
        {
            throw Requests.Invalid("cron_schedule is not allowed in the action of a schedule");
        }
        if (action.WorkflowIdReusePolicy is not WorkflowIdReusePolicy.Unspecified and not WorkflowIdReusePolicy.AllowDuplicate)
        {
            throw Requests.Invalid("workflow_id_reuse_policy is not allowed in the action of a schedule");
        }
        var request = History.FieldCopy.To<StartWorkflowExecutionRequest>(action);
        StartHandlers.Check(ns, request);
        return schedule;
    }
}
