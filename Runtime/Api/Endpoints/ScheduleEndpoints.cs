using FlowForge.Api.Problems;
using FlowForge.Api.Workflows;
using FlowForge.Contracts;
using FlowForge.Temporal.Worker;
using Microsoft.AspNetCore.Http.HttpResults;
using Temporalio.Api.Enums.V1;

namespace FlowForge.Api.Endpoints;

/// <summary>Schedules of the Temporal server that the runtime works with.</summary>
internal static class ScheduleEndpoints
{
    private static readonly TimeSpan LongestBackfill = TimeSpan.FromDays(3660);

    public static void MapSchedules(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/temporal").WithTags("Temporal");
        group.MapGet("/schedules", List).WithSummary("Schedules by id.");
        group.MapGet("/schedule", Get).WithSummary("One schedule: its rules in words, what it did and will do.");
        group.MapPost("/schedule/pause", Pause).WithSummary("Pauses a schedule.");
        group.MapPost("/schedule/unpause", Unpause).WithSummary("Lets a paused schedule go on.");
        group.MapPost("/schedule/trigger", Trigger).WithSummary("Starts its workflow now.");
        group.MapPost("/schedule/backfill", Backfill).WithSummary("Starts its workflow for each of its times in a range.");
        group.MapDelete("/schedule", Delete).WithSummary("Removes a schedule; workflows that it started go on.");
    }

    private static Task<TokenPage<ScheduleEntry>> List(TemporalClients temporal, int? size, string? token, string? @namespace, CancellationToken ct)
    {
        var (count, after) = (Paging.Limit(size, 100, Paging.LargestPage), WorkflowEndpoints.Token(token));
        return temporal.CallAsync(@namespace, async (client, limit) =>
        {
            var (schedules, next) = await client.ListSchedulesPageAsync("", count, after, limit);
            return new TokenPage<ScheduleEntry>([.. schedules.Select(ScheduleMapping.ToEntry)], WorkflowEndpoints.Token(next));
        }, ct);
    }

    private static Task<ScheduleDetail> Get(TemporalClients temporal, string? id, string? @namespace, CancellationToken ct)
    {
        var key = Key(new ScheduleKey(id ?? "", @namespace));
        return temporal.CallAsync(@namespace, async (client, limit) => ScheduleMapping.ToDetail(await client.DescribeScheduleAsync(key.Id, limit)), ct);
    }

    private static Task<NoContent> Pause(TemporalClients temporal, PauseSchedule body, CancellationToken ct) =>
        DoAsync(temporal, body.Schedule, (client, key, limit) => client.PauseScheduleAsync(key.Id, body.Note ?? "", limit), ct);

    private static Task<NoContent> Unpause(TemporalClients temporal, PauseSchedule body, CancellationToken ct) =>
        DoAsync(temporal, body.Schedule, (client, key, limit) => client.UnpauseScheduleAsync(key.Id, body.Note ?? "", limit), ct);

    private static Task<NoContent> Trigger(TemporalClients temporal, TriggerSchedule body, CancellationToken ct)
    {
        var overlap = Overlap(body.Overlap);
        return DoAsync(temporal, body.Schedule, (client, key, limit) => client.TriggerScheduleAsync(key.Id, overlap, limit), ct);
    }

    private static Task<NoContent> Backfill(TemporalClients temporal, BackfillSchedule body, CancellationToken ct)
    {
        var overlap = Overlap(body.Overlap);
        if (body.To <= body.From)
            throw ProblemException.Bad("FF4116", $"The range from {body.From:O} to {body.To:O} is empty.", "Name a later end.");
        if (body.To - body.From > LongestBackfill)
            throw ProblemException.Bad("FF4116", $"The range from {body.From:O} to {body.To:O} is longer than ten years.", "Name a shorter one.");
        return DoAsync(temporal, body.Schedule, (client, key, limit) => client.BackfillScheduleAsync(key.Id, body.From, body.To, overlap, limit), ct);
    }

    private static Task<NoContent> Delete(TemporalClients temporal, string? id, string? @namespace, CancellationToken ct) =>
        DoAsync(temporal, new ScheduleKey(id ?? "", @namespace), (client, key, limit) => client.DeleteScheduleAsync(key.Id, limit), ct);

    private static async Task<NoContent> DoAsync(TemporalClients temporal, ScheduleKey schedule, Func<TemporalClient, ScheduleKey, CancellationToken, Task> act, CancellationToken ct)
    {
        var key = Key(schedule);
        await temporal.CallAsync(key.Namespace, (client, limit) => act(client, key, limit), ct);
        return TypedResults.NoContent();
    }

    private static ScheduleKey Key(ScheduleKey? key) => key is { Id.Length: > 0 } ? key : throw ProblemException.Bad("FF4117", "No schedule is named.", "Send its id.");

    private static ScheduleOverlapPolicy Overlap(string? word)
    {
        if (Paging.Text(word) is not { } text)
            return ScheduleOverlapPolicy.Unspecified;
        var all = Enum.GetValues<ScheduleOverlapPolicy>().Where(p => p != ScheduleOverlapPolicy.Unspecified).ToDictionary(p => WorkflowMapping.Words(p).Replace(' ', '_'));
        return all.TryGetValue(text.ToLowerInvariant().Replace(' ', '_'), out var policy) ? policy
            : throw ProblemException.Bad("FF4115", $"overlap is '{text}'; it must be one of {string.Join(", ", all.Keys)}.");
    }
}
