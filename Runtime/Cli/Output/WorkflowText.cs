using System.Text.Json;
using FlowForge.Contracts;

namespace FlowForge.Cli.Output;

/// <summary>Workflows and schedules as text.</summary>
internal static class WorkflowText
{
    public static void Write(WorkflowDetail w)
    {
        Console.Out.WriteLine($"{w.Id} (run {w.Run}): {w.Type}, {Lines.Word(w.State)}, {Lines.Number(w.Events)} events");
        Console.Out.WriteLine($"started {Lines.Time(w.StartedAt)}{(w.ClosedAt is { } closed ? $", closed {Lines.Time(closed)}" : "")}, task queue {w.TaskQueue}, attempt {w.Attempt}");
        Values("input", w.Input);
        Values("result", w.Result);
        if (w.Failure is { } failure)
            Lines.Error(failure, null);
        if (w.PendingTask is { } task)
            Console.Out.WriteLine($"pending workflow task: {(task.Started is { } started ? $"started {Lines.Time(started)}" : $"waits for a worker since {Lines.Time(task.Scheduled)}")}, attempt {task.Attempt}");
        if (w.PendingActivities.Count > 0)
            TextTable.Write(Console.Out, ["activity", "type", "state", "attempt", "next attempt", "last failure"], w.PendingActivities.Select(a => new[]
            {
                a.Id, a.Type, a.State, $"{a.Attempt}{(a.MaximumAttempts > 0 ? $"/{a.MaximumAttempts}" : "")}", Lines.Time(a.NextAttemptAt), a.LastFailure
            }));
        if (w.PendingChildren.Count > 0)
            TextTable.Write(Console.Out, ["child", "run", "type"], w.PendingChildren.Select(c => new[] { c.Id, c.Run, c.Type }));
    }

    public static void Write(ScheduleDetail s)
    {
        Console.Out.WriteLine($"{s.Id}: starts {s.WorkflowType} as {s.WorkflowId} on {s.TaskQueue}, {(s.Paused ? "paused" : "active")}, overlap: {s.Overlap}{(s.Note is null ? "" : $" ({s.Note})")}");
        foreach (var rule in s.Spec)
            Console.Out.WriteLine($"  {rule}");
        Values("input", s.Input);
        if (s.NextTimes.Count > 0)
            Console.Out.WriteLine($"next: {string.Join(", ", s.NextTimes.Take(5).Select(t => Lines.Time(t)))}");
        TextTable.Write(Console.Out, ["planned", "started", "workflow", "run", "status"], s.RecentActions.Select(a => new[] { Lines.Time(a.ScheduledFor), Lines.Time(a.StartedAt), a.WorkflowId, a.Run, Lines.Word(a.State) }));
    }

    private static void Values(string name, IReadOnlyList<JsonElement> values)
    {
        foreach (var value in values)
            Console.Out.WriteLine($"{name}: {value.GetRawText()}");
    }
}
