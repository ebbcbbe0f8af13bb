using FlowForge.Temporal.Worker;
using Google.Protobuf;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;

namespace FlowForge.Temporal.Tests;

public sealed class WorkflowHistoryTests
{
    public sealed record Order(string Name, int Count);

    [Fact]
    public void From_Started_GivesInputTypeAndClock()
    {
        var history = new HistoryScript().Started(new Order("apples", 3), "shop").Fold();

        Assert.Equal(new Order("apples", 3), history.Started.Input<Order>());
        Assert.Null(history.Started.Input<Order>(1));
        Assert.Equal(("shop", "queue"), (history.Started.WorkflowType, history.Started.TaskQueue));
        Assert.Equal(HistoryScript.Begin, history.Now);
        Assert.False(history.IsClosed);
    }

    [Fact]
    public void Now_AfterTask_IsWhenTheNewestTaskStarted()
    {
        var history = new HistoryScript().Started().Task().Signaled("late").Fold();

        Assert.Equal(HistoryScript.Begin.AddSeconds(2), history.Now);
    }

    [Fact]
    public void Activities_EachEnd_HasItsStatus()
    {
        var script = new HistoryScript().Started().Task();
        foreach (var id in new[] { "open", "done", "failed", "late", "stopped" })
        {
            script.ActivityScheduled(id, "step", id + " in");
        }
        var history = script
            .ActivityStarted("done", attempt: 3).ActivityCompleted("done", new Order("pears", 1))
            .ActivityStarted("failed").ActivityFailed("failed", new ApplicationFailure("no disk", "DiskFull", nonRetryable: true, new IOException("sector 7")))
            .ActivityStarted("late").ActivityTimedOut("late")
            .ActivityCancelRequested("stopped").ActivityCancelled("stopped", "half")
            .Fold();

        Assert.Equal(["open", "done", "failed", "late", "stopped"], history.Activities.Keys);
        Assert.Equal((ActivityStatus.Scheduled, false, "open in", 0), (history.Activities["open"].Status, history.Activities["open"].IsClosed, history.Activities["open"].Input<string>(), history.Activities["open"].Attempt));
        var done = history.Activities["done"];
        Assert.Equal((ActivityStatus.Completed, 3, new Order("pears", 1)), (done.Status, done.Attempt, done.Result<Order>()));
        Assert.True(done.StartedTime < done.ClosedTime);
        var error = Assert.IsType<ApplicationFailure>(history.Activities["failed"].Error);
        Assert.Equal(("no disk", "DiskFull", true), (error.Message, error.Type, error.NonRetryable));
        Assert.Equal(("sector 7", "IOException"), (error.InnerException!.Message, ((ApplicationFailure)error.InnerException).Type));
        Assert.Equal(RetryState.NonRetryableFailure, history.Activities["failed"].RetryState);
        Assert.Equal(TimeoutType.Heartbeat, Assert.IsType<TimeoutFailure>(history.Activities["late"].Error).Type);
        var stopped = history.Activities["stopped"];
        Assert.Equal((ActivityStatus.Cancelled, true, "half"), (stopped.Status, stopped.CancelRequested, stopped.CancelDetails<string>()));
    }

    [Fact]
    public void Activities_IdUsedAgain_ShowsTheNewest()
    {
        var history = new HistoryScript().Started().Task().ActivityScheduled("a").ActivityStarted("a").ActivityCompleted("a", 1).Task().ActivityScheduled("a").Fold();

        Assert.Equal(ActivityStatus.Scheduled, history.Activities["a"].Status);
    }

    [Fact]
    public void TimersSignalsAndCancel_InOrder()
    {
        var history = new HistoryScript().Started().Task()
            .TimerStarted("t1", TimeSpan.FromMinutes(1)).TimerStarted("t2", TimeSpan.FromMinutes(2))
            .Signaled("go", new Order("a", 1)).TimerFired("t1").Signaled("go").Task().TimerCancelled("t2").CancelRequested("enough").Fold();

        Assert.Equal((TimerStatus.Fired, TimerStatus.Cancelled), (history.Timers["t1"].Status, history.Timers["t2"].Status));
        Assert.Equal(TimeSpan.FromMinutes(1), history.Timers["t1"].Duration);
        Assert.Equal(["go", "go"], history.Signals.Select(s => s.Name));
        Assert.Equal((new Order("a", 1), null), (history.Signals[0].Input<Order>(), history.Signals[1].Input<Order>()));
        Assert.Equal((true, "enough"), (history.CancelRequested, history.CancelReason));
        Assert.Equal([4, 12], history.CompletedTasks.Select(e => (int)e.EventId));
    }

    [Fact]
    public void ChildrenAndUpdates_AreFolded()
    {
        var history = new HistoryScript().Started().Task().ChildInitiated("c").ChildStarted("c", "run-c").ChildCompleted("c", 7)
            .UpdateAccepted("u1", "add", 5).UpdateAccepted("u2", "add", 6).UpdateCompleted("u1", 12).Fold();

        var child = history.Children["c"];
        Assert.Equal((ChildStatus.Completed, "run-c", 7), (child.Status, child.RunId, child.Result<int>()));
        Assert.Equal((UpdateStatus.Completed, "add", 5), (history.Updates["u1"].Status, history.Updates["u1"].Name, history.Updates["u1"].Input<int>()));
        Assert.Equal(UpdateStatus.Accepted, history.Updates["u2"].Status);
    }

    [Fact]
    public void SearchAttributesAndMemo_UpsertsReplaceAndNullRemoves()
    {
        var script = new HistoryScript().Started();
        script.Events[0].WorkflowExecutionStartedEventAttributes.Memo = WireMaps.Memo(new Dictionary<string, object?> { ["a"] = 1, ["b"] = 2 }, HistoryScript.Json);
        var history = script.Task().Add(new HistoryEvent
        {
            EventType = EventType.WorkflowPropertiesModified,
            WorkflowPropertiesModifiedEventAttributes = new() { UpsertedMemo = WireMaps.Memo(new Dictionary<string, object?> { ["a"] = null, ["c"] = 3 }, HistoryScript.Json) },
        }).Fold();

        Assert.Equal(["b", "c"], history.Memo.Keys.Order());
    }

    [Fact]
    public void Apply_Gap_IsRefused()
    {
        var events = new HistoryScript().Started().Task().Events;

        var error = Assert.Throws<InvalidOperationException>(() => WorkflowHistory.From(events.Where(e => e.EventId != 3)));

        Assert.Equal("History has a gap: after event 2 came event 4 (WorkflowTaskCompleted).", error.Message);
    }

    [Fact]
    public void Started_EmptyHistory_SaysSo() =>
        Assert.Equal("The history is empty: it has no started event.", Assert.Throws<InvalidOperationException>(() => new WorkflowHistory().Started).Message);

    [Fact]
    public void Apply_UnknownEventType_IsKeptAndIgnored()
    {
        var history = new HistoryScript().Started().Add(new HistoryEvent { EventType = (EventType)9999 }).Fold();

        Assert.Equal(2, history.LastEventId);
    }
}
