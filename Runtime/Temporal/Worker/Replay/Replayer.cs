using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// Decides a recorded history again, task by task, and compares what the decider wants now with what the history shows it wanted then. A difference
/// means: a run that is open while the new version is deployed would go another way than its past. Whether that is right is for people to say; nothing
/// breaks by it, as deciders read the past instead of repeating it.
/// </summary>
public static class Replayer
{
    /// <param name="events">Event 1 to the end, complete, with decoded payloads.</param>
    public static ReplayResult Replay(IDecider decider, IReadOnlyList<HistoryEvent> events, string workflowId = "replayed", PayloadConverter? converter = null)
    {
        ArgumentNullException.ThrowIfNull(decider);
        ArgumentNullException.ThrowIfNull(events);
        var history = new WorkflowHistory(converter);
        var mismatches = new List<ReplayMismatch>();
        var tasks = 0;
        long previousStarted = 0;
        var requests = Requests(events, history.Converter);
        foreach (var e in events)
        {
            history.Apply(e);
            if (e.EventType != EventType.WorkflowTaskStarted || Completion(events, e) is not { } completed)
            {
                continue;
            }
            tasks++;
            var task = new WorkflowTask
            {
                Namespace = "replay",
                WorkflowId = history.Started.Raw.WorkflowId is { Length: > 0 } id ? id : workflowId,
                RunId = history.Started.Raw.OriginalExecutionRunId,
                WorkflowType = history.Started.WorkflowType,
                TaskQueue = history.Started.TaskQueue,
                PreviousStartedEventId = previousStarted,
                Updates = [.. requests.Where(r => r.AcceptedBy == completed.EventId).Select(r => r.Update)],
            };
            previousStarted = e.EventId;
            Compare(decider, history, task, completed, events, mismatches);
        }
        return new ReplayResult(tasks, mismatches);
    }

    /// <summary>Replays a file as <see cref="HistoryJson"/> reads it.</summary>
    public static ReplayResult Replay(IDecider decider, string json, PayloadConverter? converter = null) => Replay(decider, HistoryJson.Read(json), converter: converter);

    private static void Compare(
        IDecider decider, WorkflowHistory history, WorkflowTask task, HistoryEvent completed, IReadOnlyList<HistoryEvent> events, List<ReplayMismatch> mismatches)
    {
        Decision decision;
        try
        {
            decision = decider.Decide(history, task);
        }
        catch (Exception e)
        {
            mismatches.Add(new ReplayMismatch(completed.EventId, "a decision", $"{e.GetType().Name}: {e.Message}"));
            return;
        }
        var messages = decision.Messages.ToDictionary(m => m.Id);
        var wanted = decision.Commands.Select(c => CommandShape.Of(c, messages)).ToList();
        // One command leads to one event that names this task, in the same order.
        var recorded = Recorded(events, completed.EventId);
        for (var i = 0; i < Math.Max(wanted.Count, recorded.Count); i++)
        {
            var then = i < recorded.Count ? recorded[i] : null;
            var now = i < wanted.Count ? wanted[i] : null;
            if (then is null || now is null || then != now)
            {
                mismatches.Add(new ReplayMismatch(completed.EventId, then?.ToString() ?? "nothing more", now?.ToString() ?? "nothing more"));
            }
        }
    }

    private static List<CommandShape> Recorded(IReadOnlyList<HistoryEvent> events, long completedEventId)
    {
        var shapes = new List<CommandShape>();
        var current = 0L;
        foreach (var e in events)
        {
            current = e.EventType == EventType.WorkflowTaskCompleted ? e.EventId : current;
            if (CommandShape.Of(e, current) is { } found && found.CompletedEventId == completedEventId)
            {
                shapes.Add(found.Shape);
            }
        }
        return shapes;
    }

    /// <summary>The completion of a started task; null when it failed, timed out or is the last event.</summary>
    private static HistoryEvent? Completion(IReadOnlyList<HistoryEvent> events, HistoryEvent started) =>
        (int)started.EventId < events.Count && events[(int)started.EventId] is { EventType: EventType.WorkflowTaskCompleted } next ? next : null;

    /// <summary>Updates that history shows as accepted were requests to the task that accepted them.</summary>
    private static List<(UpdateRequest Update, long AcceptedBy)> Requests(IReadOnlyList<HistoryEvent> events, PayloadConverter converter)
    {
        var admitted = events.Where(e => e.EventType == EventType.WorkflowExecutionUpdateAdmitted)
            .Select(e => e.WorkflowExecutionUpdateAdmittedEventAttributes.Request).ToDictionary(r => r.Meta.UpdateId);
        var result = new List<(UpdateRequest, long)>();
        long completed = 0;
        foreach (var e in events)
        {
            if (e.EventType == EventType.WorkflowTaskCompleted)
            {
                completed = e.EventId;
            }
            else if (e.EventType == EventType.WorkflowExecutionUpdateAccepted)
            {
                var accepted = e.WorkflowExecutionUpdateAcceptedEventAttributes;
                var request = accepted.AcceptedRequest ?? admitted.GetValueOrDefault(accepted.ProtocolInstanceId)
                    ?? new Request { Meta = new Meta { UpdateId = accepted.ProtocolInstanceId } };
                result.Add((new UpdateRequest(accepted.AcceptedRequestMessageId, accepted.AcceptedRequestSequencingEventId, request, converter), completed));
            }
        }
        return result;
    }
}

/// <summary>What a replay found.</summary>
/// <param name="Tasks">Workflow tasks that were decided again.</param>
public sealed record ReplayResult(int Tasks, IReadOnlyList<ReplayMismatch> Mismatches)
{
    public bool Matches => Mismatches.Count == 0;

    /// <summary>One line for each difference; empty when there is none.</summary>
    public override string ToString() => string.Join(Environment.NewLine, Mismatches);
}

/// <summary>One difference.</summary>
/// <param name="EventId">The workflow task completion whose commands differ.</param>
public sealed record ReplayMismatch(long EventId, string Recorded, string Decided)
{
    public override string ToString() => $"At event {EventId}: history has {Recorded}; the decider wants {Decided}.";
}
