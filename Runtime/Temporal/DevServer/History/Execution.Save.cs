using FlowForge.Temporal.DevServer.Persistence;
using FlowForge.Temporal.DevServer.Visibility;

namespace FlowForge.Temporal.DevServer.History;

internal sealed partial class Execution
{
    /// <inheritdoc/>
    public void Save(List<Change> changes)
    {
        if (_saved < _events.Count)
        {
            var added = new Temporalio.Api.History.V1.History();
            added.Events.AddRange(_events.Skip(_saved));
            changes.Add(new EventsAppended(Key, _saved + 1, added.ToByteArray()));
            _saved = _events.Count;
        }
        foreach (var id in _dirtyActivities)
        {
            changes.Add(Activities.TryGetValue(id, out var activity)
                ? new ActivitySaved(Key, id, activity.State.ToByteArray())
                : new ActivityDeleted(Key, id));
        }
        _dirtyActivities.Clear();
        State.StateTransitions++;
        changes.Add(new ExecutionSaved(ToRow()));
    }

    private ExecutionRow ToRow() => new()
    {
        Key = Key,
        NamespaceId = Namespace.Id,
        WorkflowId = WorkflowId,
        RunId = RunId,
        FirstRunId = Start.FirstExecutionRunId,
        Type = Type,
        TaskQueue = TaskQueue,
        Status = (int)Status,
        StartTime = StartTime.Ticks,
        ExecutionTime = ExecutionTime.Ticks,
        CloseTime = CloseTime?.Ticks,
        HistoryLength = _events.Count,
        HistorySize = HistorySize,
        StateTransitions = State.StateTransitions,
        ParentWorkflowId = Start.ParentWorkflowExecution?.WorkflowId,
        ParentRunId = Start.ParentWorkflowExecution?.RunId,
        ParentNamespaceId = Start.ParentWorkflowExecution is null ? null : Start.ParentWorkflowNamespaceId,
        RootWorkflowId = Start.RootWorkflowExecution?.WorkflowId ?? WorkflowId,
        RootRunId = Start.RootWorkflowExecution?.RunId ?? RunId,
        Memo = Memo.Count == 0 ? null : new Memo { Fields = { Memo } }.ToByteArray(),
        SearchAttributes = SearchAttributes.Count == 0 ? null : new SearchAttributes { IndexedFields = { SearchAttributes } }.ToByteArray(),
        AttributesJson = AttributeJson.Of(Namespace, SearchAttributes),
        State = State.ToByteArray(),
        HasTask = IsOpen ? 1 : 0,
    };

    /// <summary>Takes over the first part of another run's history, as if it had happened here.</summary>
    public void Import(IEnumerable<HistoryEvent> events)
    {
        foreach (var e in events)
        {
            _events.Add(e);
            HistorySize += e.CalculateSize();
            Apply(e);
        }
        foreach (var id in Activities.Keys)
        {
            _dirtyActivities.Add(id);
        }
    }

    /// <summary>Builds the state of a stored run: history read through <see cref="Apply"/>, then buffered events and attempts.</summary>
    public static Execution Restore(ServerState server, Namespaces.NamespaceEntry ns, StoredExecution stored)
    {
        var execution = new Execution(server, ns, stored.Key, stored.WorkflowId, stored.RunId)
        {
            State = ExecutionState.Parser.ParseFrom(stored.State),
        };
        foreach (var e in stored.Events)
        {
            execution._events.Add(e);
            execution.HistorySize += e.CalculateSize();
            execution.Apply(e);
        }
        execution._saved = execution._events.Count;
        foreach (var e in execution.State.Buffered)
        {
            execution.Apply(e);
        }
        foreach (var (id, state) in stored.Activities)
        {
            if (execution.Activities.TryGetValue(id, out var activity))
            {
                activity.State = ActivityState.Parser.ParseFrom(state);
            }
        }
        if (!execution.IsOpen)
        {
            execution.DropActivities();
        }
        execution._dirtyActivities.Clear();
        return execution;
    }
}

/// <summary>The rows of one run.</summary>
internal sealed record StoredExecution(
    long Key, string NamespaceId, string WorkflowId, string RunId, byte[] State, IReadOnlyList<HistoryEvent> Events, IReadOnlyList<(long Id, byte[] State)> Activities);
