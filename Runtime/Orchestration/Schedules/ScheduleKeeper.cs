using System.Globalization;
using FlowForge.Catalog;
using FlowForge.Orchestration.Hosting;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Enums.V1;
using TemporalSchedule = FlowForge.Temporal.Worker.ScheduleDefinition;

namespace FlowForge.Orchestration.Schedules;

/// <summary>
/// Keeps one Temporal Schedule for each pipeline that has a <c>schedule</c>: made, changed and deleted as the pipelines change, and made to agree at start.
/// A schedule that says what the pipeline says already is not touched, so starts that were missed meanwhile are still made up for.
/// </summary>
public sealed class ScheduleKeeper(CatalogDatabase catalog, TemporalConnection temporal, ILogger<ScheduleKeeper> logger) : BackgroundService
{
    public static string ScheduleId(string pipeline) => "pipeline/" + pipeline;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var changes = catalog.Events.Watch(change => change.Kind == CatalogChangeKind.Pipeline, stoppingToken);
        foreach (var pipeline in await AllPipelinesAsync(stoppingToken)) await TryKeepAsync(pipeline, stoppingToken);
        await foreach (var change in changes) await TryKeepAsync(change.Key, stoppingToken);
    }

    /// <summary>Retries until Temporal has answered: a schedule that is silently missing would be worse than one that is late.</summary>
    private async Task TryKeepAsync(string pipeline, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await KeepAsync(pipeline, cancel);
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                logger.LogWarning("the schedule of {Pipeline} could not be written ({Reason}); trying again", pipeline, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(2), cancel);
            }
        }
    }

    private async Task<IReadOnlyList<string>> AllPipelinesAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return AllPipelines();
            }
            catch (Exception error) when (!cancel.IsCancellationRequested)
            {
                logger.LogWarning("the pipelines could not be read ({Reason}); trying again", error.Message);
                await Task.Delay(TimeSpan.FromSeconds(2), cancel);
            }
        }
    }

    private async Task KeepAsync(string pipeline, CancellationToken cancel)
    {
        var client = await temporal.GetAsync(cancel);
        var id = ScheduleId(pipeline);
        var schedule = catalog.Pipelines.Get(pipeline) is { Deleted: false } version ? PipelineParser.Parse(version.Text, version.Format).Definition?.Schedule : null;
        var known = await FindAsync(client, id, cancel);
        if (schedule is null)
        {
            if (known is null) return;
            await client.DeleteScheduleAsync(id, cancel);
            logger.LogInformation("{Pipeline} runs by no schedule any more", pipeline);
            return;
        }
        var now = DateTimeOffset.UtcNow;
        var text = Describe(schedule, now);
        if (known?.Note == text) return;
        await client.PutScheduleAsync(id, Temporal(pipeline, schedule, text, now), cancel);
        logger.LogInformation("{Pipeline} runs by schedule: {Schedule}", pipeline, text);
    }

    private static TemporalSchedule Temporal(string pipeline, Pipelines.ScheduleDefinition schedule, string note, DateTimeOffset now) => new()
    {
        Workflow = new ScheduledWorkflow(RunNames.ScheduledStart, new ScheduledStartInput(pipeline), new StartWorkflowOptions { Id = "schedule/" + pipeline, TaskQueue = RunNames.TaskQueue }),
        Cron = FireTimes.Crons(schedule, now),
        TimeZone = schedule.Timezone,
        StartAt = schedule.Start,
        EndAt = schedule.End,
        // The pipeline's own on_overlap decides about runs; the workflow that starts one is over at once.
        Overlap = ScheduleOverlapPolicy.AllowAll,
        CatchupWindow = FireTimes.CatchUp(schedule, now),
        Note = note,
    };

    private static string Describe(Pipelines.ScheduleDefinition schedule, DateTimeOffset now)
    {
        var moved = FireTimes.AtClockChanges(schedule, now).Select(t => t.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)).ToList();
        return $"{schedule.Cron} {schedule.Timezone}{(schedule.Start is { } s ? $" from {s:O}" : "")}{(schedule.End is { } e ? $" until {e:O}" : "")}{(moved.Count > 0 ? $", as clocks change at {string.Join(", ", moved)}" : "")}";
    }

    private static async Task<ScheduleDescription?> FindAsync(TemporalClient client, string id, CancellationToken cancel)
    {
        try
        {
            return await client.DescribeScheduleAsync(id, cancel);
        }
        catch (ScheduleNotFoundException)
        {
            return null;
        }
    }

    private List<string> AllPipelines()
    {
        var names = new List<string>();
        for (var page = 1; ; page++)
        {
            var pipelines = catalog.Pipelines.List(page, 200);
            names.AddRange(pipelines.Items.Select(p => p.Name));
            if (pipelines.Items.Count == 0 || names.Count >= pipelines.Total) return names;
        }
    }
}
