using System.Globalization;
using FlowForge.Temporal.DevServer.Engine;
using FlowForge.Temporal.DevServer.Frontend;
using FlowForge.Temporal.DevServer.History;
using FlowForge.Temporal.DevServer.Namespaces;
using FlowForge.Temporal.DevServer.Persistence;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Temporal.DevServer.Schedules;

/// <summary>
/// One schedule at work: it looks at the clock, buffers the starts that are due, and begins runs as the overlap policy allows.
/// Touched by the executor only.
/// </summary>
internal sealed class ScheduleEntry : IPersistent
{
    public const string Kind = "schedule";
    private const int BufferLimit = 1000;
    private const int RecentKept = 10;
    private const int TimesAtOnce = 1000;
    private static readonly TimeSpan DefaultCatchup = TimeSpan.FromDays(365);
    private static readonly TimeSpan LeastCatchup = TimeSpan.FromSeconds(10);

    private readonly ServerState _server;
    private CompiledSpec _spec;
    private Engine.Timer? _timer;
    private bool _deleted;

    public ScheduleEntry(ServerState server, NamespaceEntry ns, ScheduleRecord record)
    {
        _server = server;
        Namespace = ns;
        Record = record;
        _spec = Compile();
    }

    public NamespaceEntry Namespace { get; }

    public ScheduleRecord Record { get; }

    public string Id => Record.ScheduleId;

    public ScheduleInfo Info => Record.Info;

    private SchedulePolicies Policies => Record.Schedule.Policies;

    private ScheduleState State => Record.Schedule.State;

    private TimeSpan Catchup => Times.Span(Policies.CatchupWindow) is { } window ? (window < LeastCatchup ? LeastCatchup : window) : DefaultCatchup;

    /// <summary>Replaces what the schedule is; times count from now on.</summary>
    public void Change(Schedule schedule)
    {
        Record.Schedule = schedule;
        Record.ProcessedUntil = Times.Stamp(_server.Executor.Now);
        Record.ConflictToken++;
        Info.UpdateTime = Times.Stamp(_server.Executor.Now);
        _spec = Compile();
        Work();
    }

    /// <summary>Does everything that is due now, and arms the timer for what is next.</summary>
    public void Work()
    {
        if (_deleted)
        {
            return;
        }
        _timer?.Dispose();
        _timer = null;
        var now = _server.Executor.Now;
        var more = TakeDueTimes(now);
        more |= TakeBackfills();
        Decide();
        Refresh();
        _server.Executor.Touch(this);
        if (more)
        {
            _server.Executor.Post(Work);
        }
        else if (_spec.Next(Record.ProcessedUntil.ToDateTime()) is { } next)
        {
            _timer = _server.Executor.Timers.At(next.Actual, Work);
        }
    }

    public void Apply(SchedulePatch patch)
    {
        var now = _server.Executor.Now;
        if (patch.TriggerImmediately is { } trigger)
        {
            Buffer(new BufferedStart
            {
                NominalTime = trigger.ScheduledTime ?? Times.Stamp(now),
                ActualTime = Times.Stamp(now),
                OverlapPolicy = trigger.OverlapPolicy,
                Manual = true,
                RequestId = Guid.NewGuid().ToString(),
            });
        }
        foreach (var range in patch.BackfillRequest)
        {
            Record.Backfills.Add(new OngoingBackfill { NextTime = range.StartTime, EndTime = range.EndTime, OverlapPolicy = range.OverlapPolicy });
        }
        if (patch.Pause.Length > 0)
        {
            (State.Paused, State.Notes) = (true, patch.Pause);
        }
        if (patch.Unpause.Length > 0)
        {
            (State.Paused, State.Notes) = (false, patch.Unpause);
        }
        Record.ConflictToken++;
        Work();
    }

    /// <summary>A run of this schedule has ended for good.</summary>
    public void RunEnded(Execution run)
    {
        var first = run.Start.FirstExecutionRunId;
        if (Info.RunningWorkflows.FirstOrDefault(w => w.WorkflowId == run.WorkflowId && w.RunId == first) is not { } known)
        {
            return;
        }
        Info.RunningWorkflows.Remove(known);
        foreach (var action in Info.RecentActions.Where(a => a.StartWorkflowResult?.RunId == first))
        {
            action.StartWorkflowStatus = run.Status;
        }
        var failed = run.Status is WorkflowExecutionStatus.Failed or WorkflowExecutionStatus.TimedOut;
        if (run.Status == WorkflowExecutionStatus.Completed)
        {
            Record.LastCompletionResult = run.CloseEvent!.WorkflowExecutionCompletedEventAttributes.Result;
            Record.ContinuedFailure = null;
        }
        else if (run.Status == WorkflowExecutionStatus.Failed)
        {
            Record.ContinuedFailure = run.CloseEvent!.WorkflowExecutionFailedEventAttributes.Failure;
        }
        if (failed && Policies.PauseOnFailure && !State.Paused)
        {
            State.Paused = true;
            State.Notes = run.Status == WorkflowExecutionStatus.Failed
                ? $"paused due to workflow failure: {run.WorkflowId}: {Record.ContinuedFailure?.Message}"
                : $"paused due to workflow timeout: {run.WorkflowId}";
            Record.ConflictToken++;
        }
        Work();
    }

    /// <summary>The run goes on as another (continue-as-new, retry, cron): nothing has ended, the status is told later.</summary>
    public bool Owns(Execution run) => Info.RunningWorkflows.Any(w => w.WorkflowId == run.WorkflowId && w.RunId == run.Start.FirstExecutionRunId);

    public void Stop()
    {
        _deleted = true;
        _timer?.Dispose();
    }

    public IEnumerable<DateTime> MatchingTimes(DateTime after, DateTime until, int most)
    {
        var at = after.AddTicks(-1);
        for (var i = 0; i < most && _spec.Next(at) is { } next && next.Nominal <= until; i++)
        {
            yield return next.Actual;
            at = next.Nominal;
        }
    }

    public void Save(List<Change> changes) => changes.Add(new RecordSaved(Kind, Namespace.Id, Id, Record.ToByteArray()));

    private CompiledSpec Compile() => new(Record.Schedule.Spec, $"{Namespace.Id}/{Id}");

    /// <summary>Buffers the starts whose time has come; true when there are more than one step may take.</summary>
    private bool TakeDueTimes(DateTime now)
    {
        for (var i = 0; i < TimesAtOnce; i++)
        {
            if (_spec.Next(Record.ProcessedUntil.ToDateTime()) is not { } next || next.Actual > now)
            {
                return false;
            }
            Record.ProcessedUntil = Times.Stamp(next.Nominal);
            if (State.Paused || State is { LimitedActions: true, RemainingActions: <= 0 })
            {
                continue;
            }
            if (now - next.Actual > Catchup)
            {
                Info.MissedCatchupWindow++;
                continue;
            }
            Buffer(new BufferedStart { NominalTime = Times.Stamp(next.Nominal), ActualTime = Times.Stamp(next.Actual), RequestId = Guid.NewGuid().ToString() });
        }
        return true;
    }

    private bool TakeBackfills()
    {
        while (Record.Backfills.FirstOrDefault() is { } range)
        {
            if (Record.Buffered.Count >= BufferLimit / 2)
            {
                // The rest waits until runs have ended.
                return false;
            }
            for (var i = 0; i < 100; i++)
            {
                if (_spec.Next(range.NextTime.ToDateTime()) is not { } next || next.Nominal > range.EndTime.ToDateTime())
                {
                    Record.Backfills.RemoveAt(0);
                    break;
                }
                range.NextTime = Times.Stamp(next.Nominal);
                Buffer(new BufferedStart
                {
                    NominalTime = Times.Stamp(next.Nominal),
                    ActualTime = Times.Stamp(next.Nominal),
                    OverlapPolicy = range.OverlapPolicy,
                    Manual = true,
                    RequestId = Guid.NewGuid().ToString(),
                });
            }
            if (Record.Backfills.Contains(range))
            {
                return true;
            }
        }
        return false;
    }

    private void Buffer(BufferedStart start)
    {
        if (Record.Buffered.Count >= BufferLimit)
        {
            Info.BufferDropped++;
            return;
        }
        Record.Buffered.Add(start);
    }

    private void Decide()
    {
        var decision = OverlapRules.Decide(Record.Buffered, Info.RunningWorkflows.Count > 0, Policies.OverlapPolicy);
        Record.Buffered.Clear();
        Record.Buffered.AddRange(decision.Buffer);
        Info.OverlapSkipped += decision.Skipped;
        foreach (var start in decision.Overlapping)
        {
            Begin(start, alone: false);
        }
        if (decision.Single is { } single)
        {
            Begin(single, alone: true);
        }
        if (decision.CancelRunning || decision.TerminateRunning)
        {
            StopRunning(decision.TerminateRunning);
        }
    }

    private void StopRunning(bool terminate)
    {
        foreach (var running in Info.RunningWorkflows.ToArray())
        {
            if (_server.Executions.Latest(Namespace.Id, running.WorkflowId) is { IsOpen: true } run && run.Start.FirstExecutionRunId == running.RunId)
            {
                if (terminate)
                {
                    run.Terminate("terminated by schedule overlap policy", null, "temporal-scheduler");
                }
                else
                {
                    run.RequestCancel(Guid.NewGuid().ToString(), "cancelled by schedule overlap policy", "temporal-scheduler");
                }
            }
        }
    }

    private void Begin(BufferedStart start, bool alone)
    {
        if (!start.Manual && State.LimitedActions)
        {
            if (State.RemainingActions <= 0)
            {
                return;
            }
            State.RemainingActions--;
            Record.ConflictToken++;
        }
        var action = Record.Schedule.Action.StartWorkflow;
        var nominal = start.NominalTime.ToDateTime();
        var request = FieldCopy.To<StartWorkflowExecutionRequest>(action);
        request.Namespace = Namespace.Name;
        request.WorkflowId = Policies.KeepOriginalWorkflowId
            ? action.WorkflowId
            : $"{action.WorkflowId}-{nominal.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}";
        request.WorkflowIdReusePolicy = WorkflowIdReusePolicy.AllowDuplicate;
        request.RequestId = start.RequestId;
        request.Identity = $"temporal-scheduler-{Namespace.Name}-{Id}";
        request.SearchAttributes = action.SearchAttributes?.Clone() ?? new SearchAttributes();
        request.SearchAttributes.IndexedFields["TemporalScheduledStartTime"] =
            PayloadValue.FromText(nominal.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), nameof(IndexedValueType.Datetime));
        request.SearchAttributes.IndexedFields["TemporalScheduledById"] = PayloadValue.FromText(Id, nameof(IndexedValueType.Keyword));
        if (alone)
        {
            request.LastCompletionResult = Record.LastCompletionResult;
            request.ContinuedFailure = Record.ContinuedFailure;
        }
        Execution run;
        try
        {
            run = StartHandlers.Start(_server, Namespace, request).Execution;
        }
        catch (GrpcException)
        {
            // Its id is in use by a run that is not ours: this action cannot be taken.
            Info.OverlapSkipped++;
            return;
        }
        var execution = new WorkflowExecution { WorkflowId = run.WorkflowId, RunId = run.RunId };
        Info.ActionCount++;
        Info.RunningWorkflows.Add(execution);
        Info.RecentActions.Add(new ScheduleActionResult
        {
            ScheduleTime = start.ActualTime,
            ActualTime = Times.Stamp(_server.Executor.Now),
            StartWorkflowResult = execution,
            StartWorkflowStatus = WorkflowExecutionStatus.Running,
        });
        while (Info.RecentActions.Count > RecentKept)
        {
            Info.RecentActions.RemoveAt(0);
        }
    }

    private void Refresh()
    {
        Info.BufferSize = Record.Buffered.Count;
        Info.FutureActionTimes.Clear();
        if (State.Paused || State is { LimitedActions: true, RemainingActions: <= 0 })
        {
            return;
        }
        var at = Record.ProcessedUntil.ToDateTime();
        for (var i = 0; i < RecentKept && _spec.Next(at) is { } next; i++)
        {
            Info.FutureActionTimes.Add(Times.Stamp(next.Actual));
            at = next.Nominal;
        }
    }
}
