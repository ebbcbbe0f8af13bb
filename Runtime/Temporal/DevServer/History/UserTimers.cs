using FlowForge.Temporal.DevServer.Engine;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Timers that workflows started.</summary>
internal static class UserTimers
{
    public static void ArmTimer(this Execution e, string timerId)
    {
        var timer = e.Timers[timerId];
        timer.Timer = e.Server.Executor.Timers.At(timer.Due, () =>
        {
            if (e.IsOpen && e.Timers.TryGetValue(timerId, out var present) && present == timer)
            {
                e.Add(new TimerFiredEventAttributes { TimerId = timerId, StartedEventId = timer.StartedEventId });
                e.EnsureTask();
            }
        });
    }

    /// <summary>A run whose history has grown beyond the limit is ended, as the real server does; the log warns long before.</summary>
    public static void CheckHistoryLimit(this Execution e)
    {
        if (e.IsOpen && !e.WarnedOfHistory && (e.Events.Count > Limits.WarnHistoryEvents || e.HistorySize > Limits.WarnHistoryBytes))
        {
            e.WarnedOfHistory = true;
            e.Server.Options.Log?.WriteLine(
                $"warning: the history of {e} has {e.Events.Count} events and {e.HistorySize / 1024} KB; beyond {Limits.HistoryEvents} events or {Limits.HistoryBytes / 1048576} MB the run is terminated. Continue as new before.");
        }
        if (e.IsOpen && (e.Events.Count > Limits.HistoryEvents || e.HistorySize > Limits.HistoryBytes))
        {
            e.Terminate(
                e.Events.Count > Limits.HistoryEvents ? "Workflow history count exceeds limit." : "Workflow history size exceeds limit.",
                null, "history-service");
        }
    }

    /// <summary>After a restart: everything that an open run waits for goes on.</summary>
    public static void Resume(this Execution e)
    {
        e.ArmRunTimeouts();
        foreach (var id in e.Timers.Keys)
        {
            e.ArmTimer(id);
        }
        foreach (var activity in e.Activities.Values)
        {
            e.ResumeActivity(activity);
        }
        e.ResumeTask();
    }

    /// <summary>What was initiated and has no answer is asked again: children to start, signals and cancellations to deliver.</summary>
    public static void ResumeRequests(this Execution e)
    {
        foreach (var child in e.Children.Values.Where(c => c.Started is null).ToArray())
        {
            e.Server.Executor.Defer(() => e.StartChild(child));
        }
        foreach (var request in e.ExternalRequests.Values.ToArray())
        {
            e.Server.Executor.Defer(() => e.Deliver(request));
        }
    }
}
