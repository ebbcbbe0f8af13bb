using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>
/// A run's events folded into states that a decider can read: <c>history.Activities["job"].IsCompleted</c>. It holds nothing that is not
/// in the events, so the same events always give the same history. Not thread-safe while <see cref="Apply"/> runs; a decider only reads.
/// </summary>
public sealed class WorkflowHistory
{
    private readonly List<HistoryEvent> _events = [];
    private readonly HistoryFold _fold;
    private StartedState? _started;

    public WorkflowHistory(PayloadConverter? converter = null)
    {
        Converter = converter ?? PayloadConverter.Default;
        _fold = new HistoryFold(this);
    }

    /// <summary>The history of <paramref name="events"/>, which must begin with event 1 and be without gaps.</summary>
    public static WorkflowHistory From(IEnumerable<HistoryEvent> events, PayloadConverter? converter = null)
    {
        ArgumentNullException.ThrowIfNull(events);
        var history = new WorkflowHistory(converter);
        foreach (var e in events)
        {
            history.Apply(e);
        }
        return history;
    }

    /// <summary>Reads and writes the payloads of this history; builders use it too.</summary>
    public PayloadConverter Converter { get; }

    /// <summary>All events, first to last. Payloads are already decoded by the codec.</summary>
    public IReadOnlyList<HistoryEvent> Events => _events;

    public long LastEventId => _events.Count;

    /// <exception cref="InvalidOperationException">The history is empty.</exception>
    public StartedState Started => _started ?? throw new InvalidOperationException("The history is empty: it has no started event.");

    /// <summary>By activity id, in the order first scheduled. An id used again after its activity closed shows the newest one.</summary>
    public IReadOnlyDictionary<string, ActivityState> Activities => _fold.Activities;

    /// <summary>By timer id; an id used again shows the newest timer.</summary>
    public IReadOnlyDictionary<string, TimerState> Timers => _fold.Timers;

    /// <summary>By workflow id; an id used again shows the newest child.</summary>
    public IReadOnlyDictionary<string, ChildState> Children => _fold.Children;

    public IReadOnlyList<SignalReceived> Signals => _fold.Signals;

    /// <summary>By update id.</summary>
    public IReadOnlyDictionary<string, UpdateState> Updates => _fold.Updates;

    public IReadOnlyList<MarkerRecorded> Markers => _fold.Markers;

    /// <summary>Signals and cancel requests sent to other workflows, in order.</summary>
    public IReadOnlyList<ExternalState> Externals => _fold.Externals;

    public bool CancelRequested { get; private set; }

    public string? CancelReason { get; private set; }

    /// <summary>The event of the first cancel request; null when there was none.</summary>
    public long? CancelRequestedEventId { get; private set; }

    /// <summary>The memo as started and changed since.</summary>
    public IReadOnlyDictionary<string, Payload> Memo => _fold.Memo;

    /// <summary>The search attributes as started and changed since.</summary>
    public IReadOnlyDictionary<string, Payload> SearchAttributes => _fold.SearchAttributes;

    /// <summary>
    /// The decider's clock: when the newest workflow task started, UTC. Before the first task it is the run's start. The same at
    /// every replay, unlike the machine's clock.
    /// </summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>The server advises to continue as new, as the history grows long.</summary>
    public bool SuggestContinueAsNew { get; private set; }

    public long SizeBytes { get; private set; }

    /// <summary>The last event when it closed the run; null while the run is open.</summary>
    public HistoryEvent? Closed { get; private set; }

    public bool IsClosed => Closed is not null;

    /// <summary>The events to which <see cref="WorkflowHandle.ResetAsync(long, string, CancellationToken)"/> can reset: each completed workflow task, in order.</summary>
    public IReadOnlyList<HistoryEvent> CompletedTasks => _fold.CompletedTasks;

    /// <summary>Adds the next event.</summary>
    /// <exception cref="InvalidOperationException">The event is not the next one.</exception>
    public void Apply(HistoryEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (e.EventId != _events.Count + 1)
        {
            throw new InvalidOperationException($"History has a gap: after event {_events.Count} came event {e.EventId} ({e.EventType}).");
        }
        _events.Add(e);
        switch (e.EventType)
        {
            case EventType.WorkflowExecutionStarted:
                _started = new StartedState(e, Converter);
                Now = _started.Time;
                break;
            case EventType.WorkflowTaskStarted:
                Now = e.EventTime.ToDateTimeOffset();
                SuggestContinueAsNew = e.WorkflowTaskStartedEventAttributes.SuggestContinueAsNew;
                SizeBytes = e.WorkflowTaskStartedEventAttributes.HistorySizeBytes;
                break;
            case EventType.WorkflowExecutionCancelRequested:
                CancelRequested = true;
                CancelRequestedEventId ??= e.EventId;
                CancelReason ??= e.WorkflowExecutionCancelRequestedEventAttributes.Cause;
                break;
            case EventType.WorkflowExecutionCompleted or EventType.WorkflowExecutionFailed or EventType.WorkflowExecutionTimedOut
                or EventType.WorkflowExecutionCanceled or EventType.WorkflowExecutionTerminated or EventType.WorkflowExecutionContinuedAsNew:
                Closed = e;
                break;
        }
        _fold.Apply(e);
    }
}
