using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowForge.Orchestration.Runs;
using FlowForge.Orchestration.Workflow;
using FlowForge.Temporal.Worker;
using Microsoft.Extensions.Logging;

namespace FlowForge.Orchestration.Schedules;

/// <param name="Pipeline">Its newest version is run.</param>
public sealed record ScheduledStartInput(string Pipeline);

/// <summary>The little workflow that a pipeline's Temporal Schedule starts: it has one activity, which starts the run.</summary>
public sealed class ScheduledStartDecider : IDecider
{
    private const string ActivityId = "start";

    private static readonly ActivityOptions Options = new()
    {
        StartToClose = TimeSpan.FromMinutes(1), ScheduleToClose = TimeSpan.FromHours(1), Retry = new() { MaximumInterval = TimeSpan.FromSeconds(30) },
    };

    public Decision Decide(WorkflowHistory history, WorkflowTask task)
    {
        var decision = Decision.For(history, task);
        if (task.IsQueryOnly) return decision.Build();
        var start = history.Activities.GetValueOrDefault(ActivityId);
        if (start is null) decision.ScheduleActivity(ActivityId, RunNames.ScheduledStartActivity, history.Started.Input<ScheduledStartInput>(), Options);
        else if (start.IsCompleted) decision.CompleteWorkflow(start.Result<string>());
        else if (start.IsClosed) decision.FailWorkflow(start.Failure!);
        return decision.Build();
    }
}

/// <summary>
/// Starts the run that is due. The run's id comes from the workflow that asks, so a repeated attempt finds the run instead of starting a second one. A start that the
/// pipeline's <c>on_overlap</c> forbids is no failure.
/// </summary>
public sealed class ScheduledStartActivity(RunService runs, ILogger<ScheduledStartActivity> logger)
{
    /// <returns>The run's id, or why there is none.</returns>
    public async Task<object?> RunAsync(ActivityContext context)
    {
        var pipeline = context.Input<ScheduledStartInput>()!.Pipeline;
        if (runs.ScheduleOf(pipeline) is { } schedule && FireTimes.IsRepetition(schedule, DueAt(context.Task)))
        {
            logger.LogInformation("scheduled run of {Pipeline} left out: clocks went back, and it ran an hour ago", pipeline);
            return "left out: clocks went back, and the run of this time has been";
        }
        var seed = SHA256.HashData(Encoding.UTF8.GetBytes(context.Task.RunId));
        var runId = RunIds.From(context.Task.ScheduledTime, seed);
        try
        {
            return await runs.StartAsync(StartRun.All(pipeline, "schedule") with { RunId = runId, Interval = runs.IntervalOf(pipeline, DueAt(context.Task)) }, context.CancellationToken);
        }
        catch (RunRefusedException refused) when (refused.Reason == RunRefusal.Conflict)
        {
            logger.LogWarning("scheduled run of {Pipeline} left out: {Reason}", pipeline, refused.Message);
            return "left out: " + refused.Message;
        }
        catch (RunRefusedException refused)
        {
            logger.LogError("scheduled run of {Pipeline} could not start: {Reason}", pipeline, refused.Message);
            throw new ApplicationFailure(refused.Message, refused.Code, nonRetryable: true, refused);
        }
    }

    /// <summary>The nominal time of the start: the server puts it at the end of the workflow's id.</summary>
    internal static DateTimeOffset DueAt(ActivityTask task)
    {
        const int Length = 20; // 2024-05-17T02:00:00Z
        return task.WorkflowId.Length > Length && DateTimeOffset.TryParseExact(task.WorkflowId[^Length..], "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var due)
            ? due : task.ScheduledTime;
    }
}
