using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Tests;

public sealed class DecisionBuilderTests
{
    private static readonly ActivityOptions Minute = new() { StartToClose = TimeSpan.FromMinutes(1) };

    [Fact]
    public void ScheduleActivity_Options_AreSent()
    {
        var history = new HistoryScript().Started().TaskStarted().Fold();
        var retry = new RetryOptions { InitialInterval = TimeSpan.FromSeconds(2), BackoffCoefficient = 3, MaximumAttempts = 4, NonRetryableErrorTypes = ["Bad"] };

        var decision = Decision.For(history, HistoryScript.TaskFor()).ScheduleActivity("a", "load", "in",
            new ActivityOptions { StartToClose = TimeSpan.FromMinutes(1), Heartbeat = TimeSpan.FromSeconds(5), TaskQueue = "other", Retry = retry }).Build();

        var command = Assert.Single(decision.Commands).ScheduleActivityTaskCommandAttributes;
        Assert.Equal(("a", "load", "other"), (command.ActivityId, command.ActivityType.Name, command.TaskQueue.Name));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5)), (command.StartToCloseTimeout.ToTimeSpan(), command.HeartbeatTimeout.ToTimeSpan()));
        Assert.Null(command.ScheduleToCloseTimeout);
        Assert.Null(command.RetryPolicy.MaximumInterval);
        Assert.Equal((3d, 4, "Bad"), (command.RetryPolicy.BackoffCoefficient, command.RetryPolicy.MaximumAttempts, command.RetryPolicy.NonRetryableErrorTypes.Single()));
    }

    [Fact]
    public void ScheduleActivity_StillOpen_IsRefused()
    {
        var history = new HistoryScript().Started().Task().ActivityScheduled("a").TaskStarted().Fold();

        var error = Assert.Throws<InvalidOperationException>(() => Decision.For(history, HistoryScript.TaskFor()).ScheduleActivity("a", "load", null, Minute));

        Assert.Equal("Activity 'a' of test 'w1' is already scheduled and still open. Look into history.Activities first.", error.Message);
    }

    [Fact]
    public void ScheduleActivity_NoTimeLimit_IsRefused()
    {
        var history = new HistoryScript().Started().TaskStarted().Fold();

        var error = Assert.Throws<InvalidOperationException>(() => Decision.For(history, HistoryScript.TaskFor()).ScheduleActivity("a", "load", null, new ActivityOptions()));

        Assert.Equal("Activity 'a' (load) has no time limit. Set StartToClose or ScheduleToClose in its ActivityOptions.", error.Message);
    }

    [Fact]
    public void CancelActivity_OnlyWhenOpenAndNotAskedYet_AddsACommand()
    {
        var history = new HistoryScript().Started().Task().ActivityScheduled("open").ActivityScheduled("asked").ActivityScheduled("done")
            .ActivityCancelRequested("asked").ActivityStarted("done").ActivityCompleted("done").TaskStarted().Fold();

        var decision = Decision.For(history, HistoryScript.TaskFor())
            .CancelActivity("open").CancelActivity("open").CancelActivity("asked").CancelActivity("done").CancelActivity("never").Build();

        Assert.Equal(history.Activities["open"].ScheduledEventId, Assert.Single(decision.Commands).RequestCancelActivityTaskCommandAttributes.ScheduledEventId);
    }

    [Fact]
    public void Timers_RunningOnesAreNotStartedAgainButCancelled()
    {
        var history = new HistoryScript().Started().Task().TimerStarted("t", TimeSpan.FromMinutes(1)).TaskStarted().Fold();
        var builder = Decision.For(history, HistoryScript.TaskFor());

        var error = Assert.Throws<InvalidOperationException>(() => builder.StartTimer("t", TimeSpan.FromSeconds(1)));
        var decision = builder.CancelTimer("t").CancelTimer("t").CancelTimer("unknown").Build();

        Assert.Equal("Timer 't' of test 'w1' is already running. Look into history.Timers first.", error.Message);
        Assert.Equal("t", Assert.Single(decision.Commands).CancelTimerCommandAttributes.TimerId);
    }

    [Fact]
    public void Add_AfterClosing_IsRefused()
    {
        var history = new HistoryScript().Started().TaskStarted().Fold();

        var error = Assert.Throws<InvalidOperationException>(() => Decision.For(history, HistoryScript.TaskFor()).CompleteWorkflow(1).StartTimer("t", TimeSpan.FromSeconds(1)));

        Assert.Equal("StartTimer comes after the command that closes test 'w1'; that one must be the last.", error.Message);
    }

    [Fact]
    public void ContinueAsNew_KeepsWhatIsNotChanged()
    {
        var script = new HistoryScript().Started("old");
        script.Events[0].WorkflowExecutionStartedEventAttributes.Memo = WireMaps.Memo(new Dictionary<string, object?> { ["a"] = 1 }, HistoryScript.Json);
        var history = script.TaskStarted().Fold();

        var command = Decision.For(history, HistoryScript.TaskFor()).ContinueAsNew("new", new ContinueAsNewOptions { Memo = new Dictionary<string, object?> { ["b"] = 2 } })
            .Build().Commands.Single().ContinueAsNewWorkflowExecutionCommandAttributes;

        Assert.Equal(("test", "queue", "new"), (command.WorkflowType.Name, command.TaskQueue.Name, HistoryScript.Json.FromPayloads<string>(command.Input)));
        Assert.Equal(["a", "b"], command.Memo.Fields.Keys.Order());
    }

    [Fact]
    public void Updates_AcceptRejectComplete_SendMessagesAndCommandsInOrder()
    {
        var history = new HistoryScript().Started().Task().UpdateAccepted("old", "add").TaskStarted().Fold();
        var yes = Request("yes");
        var no = Request("no");

        var decision = Decision.For(history, HistoryScript.TaskFor()).CompleteUpdate("old", 1).AcceptUpdate(yes).CompleteUpdate("yes", 2)
            .RejectUpdate(no, new ApplicationFailure("not now", "Busy")).Build();

        Assert.Equal(["old/complete", "yes/request/accept", "yes/complete", "no/request/reject"], decision.Messages.Select(m => m.Id));
        Assert.Equal(["old/complete", "yes/request/accept", "yes/complete"], decision.Commands.Select(c => c.ProtocolMessageCommandAttributes.MessageId));
        var acceptance = decision.Messages[1].Body.Unpack<Acceptance>();
        Assert.Equal(("yes/request", 2L), (acceptance.AcceptedRequestMessageId, acceptance.AcceptedRequestSequencingEventId));
        Assert.Equal("not now", decision.Messages[3].Body.Unpack<Rejection>().Failure.Message);
    }

    [Fact]
    public void CompleteUpdate_NotAccepted_IsRefused()
    {
        var history = new HistoryScript().Started().TaskStarted().Fold();

        var error = Assert.Throws<InvalidOperationException>(() => Decision.For(history, HistoryScript.TaskFor()).CompleteUpdate("u"));

        Assert.Equal("Update 'u' of test 'w1' cannot be completed: it is not accepted, or is completed already.", error.Message);
    }

    [Fact]
    public void DecisionCheck_UnansweredQueryAndUpdate_AreRefusedForTheDecider()
    {
        var query = new WorkflowQuery("q1", "state", null, HistoryScript.Json);
        var task = HistoryScript.TaskFor() with { Queries = [query], Updates = [Request("u")] };

        var decision = DecisionCheck.Complete(task, null);

        Assert.Equal((QueryResultType.Failed, "Workflow type 'test' does not answer the query 'state'."), (decision.Answers["q1"].ResultType, decision.Answers["q1"].ErrorMessage));
        Assert.Equal("Workflow type 'test' does not take the update 'add'.", Assert.Single(decision.Messages).Body.Unpack<Rejection>().Failure.Message);
        Assert.Empty(decision.Commands);
    }

    [Fact]
    public void DecisionCheck_QueryOnly_DropsCommands()
    {
        var history = new HistoryScript().Started().TaskStarted().Fold();
        var query = new WorkflowQuery("q1", "state", null, HistoryScript.Json);
        var task = HistoryScript.TaskFor() with { Queries = [query], IsQueryOnly = true };

        var decision = DecisionCheck.Complete(task, Decision.For(history, task).StartTimer("t", TimeSpan.FromSeconds(1)).Answer(query, 5).Build());

        Assert.Empty(decision.Commands);
        Assert.Equal(5, HistoryScript.Json.FromPayloads<int>(decision.Answers["q1"].Answer));
    }

    private static UpdateRequest Request(string id) =>
        new(id + "/request", 2, new Request { Meta = new Meta { UpdateId = id }, Input = new Input { Name = "add" } }, HistoryScript.Json);
}
