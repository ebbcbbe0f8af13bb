using FlowForge.Temporal.Worker;

namespace FlowForge.Temporal.Tests;

public sealed class ReplayerTests
{
    private static readonly HistoryScript Recorded = new HistoryScript().Started("x").Task()
        .ActivityScheduled("a", "step", "x").ActivityStarted("a").ActivityCompleted("a", 1).Task()
        .TimerStarted("t", TimeSpan.FromSeconds(30)).TimerFired("t").TaskStarted()
        .TaskCompleted().Completed(2);

    private sealed class TwoSteps(string activityType = "step", int seconds = 30) : IDecider
    {
        public Decision Decide(WorkflowHistory history, WorkflowTask task)
        {
            var d = Decision.For(history, task);
            if (!history.Activities.TryGetValue("a", out var a))
            {
                d.ScheduleActivity("a", activityType, history.Started.Input<string>(), new ActivityOptions { StartToClose = TimeSpan.FromMinutes(1) });
            }
            else if (a.IsCompleted && !history.Timers.ContainsKey("t"))
            {
                d.StartTimer("t", TimeSpan.FromSeconds(seconds));
            }
            else if (history.Timers.TryGetValue("t", out var t) && t.HasFired)
            {
                d.CompleteWorkflow(a.Result<int>() + 1);
            }
            return d.Build();
        }
    }

    [Fact]
    public void Replay_SameDecider_Matches()
    {
        var result = Replayer.Replay(new TwoSteps(), Recorded.Events);

        Assert.Equal((3, ""), (result.Tasks, result.ToString()));
    }

    [Fact]
    public void Replay_ThroughJson_Matches() => Assert.True(Replayer.Replay(new TwoSteps(), HistoryJson.Write(Recorded.Events)).Matches);

    [Fact]
    public void Replay_ChangedDecider_NamesEachDifference()
    {
        var result = Replayer.Replay(new TwoSteps("other", 60), Recorded.Events);

        Assert.Equal(
            """
            At event 4: history has ScheduleActivityTask (id a, input "x", type step); the decider wants ScheduleActivityTask (id a, input "x", type other).
            At event 10: history has StartTimer (after 00:00:30, id t); the decider wants StartTimer (after 00:01:00, id t).
            """, result.ToString());
    }

    private sealed class Thrower : IDecider
    {
        public Decision Decide(WorkflowHistory history, WorkflowTask task) => throw new InvalidOperationException("lost");
    }

    [Fact]
    public void Replay_DeciderThrows_IsAMismatch() =>
        Assert.Equal("At event 4: history has a decision; the decider wants InvalidOperationException: lost.", Replayer.Replay(new Thrower(), Recorded.Events).Mismatches[0].ToString());

    private sealed class Adder : IDecider
    {
        public Decision Decide(WorkflowHistory history, WorkflowTask task)
        {
            var d = Decision.For(history, task);
            foreach (var u in task.Updates)
            {
                d.AcceptUpdate(u).CompleteUpdate(u.Id, u.Input<int>() + 1);
            }
            return d.Build();
        }
    }

    [Fact]
    public void Replay_Updates_AreGivenToTheTaskThatAcceptedThem()
    {
        var events = new HistoryScript().Started().Task().Task().UpdateAccepted("u", "add", 4).UpdateCompleted("u", 5).Events;

        Assert.Equal("", Replayer.Replay(new Adder(), events).ToString());
    }

    [Fact]
    public void Read_NoHistory_SaysSo() =>
        Assert.StartsWith("This is no workflow history in Temporal's JSON form: ", Assert.Throws<InvalidOperationException>(() => HistoryJson.Read("[1]")).Message, StringComparison.Ordinal);
}
