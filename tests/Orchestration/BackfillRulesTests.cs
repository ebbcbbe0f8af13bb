using FlowForge.Catalog;
using FlowForge.Orchestration.Backfills;
using FlowForge.Orchestration.Workflow;

namespace FlowForge.Orchestration.Tests;

/// <summary>The rules of a backfill, from facts to actions.</summary>
public sealed class BackfillRulesTests
{
    private static readonly DateTimeOffset First = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Next_AtTheStart_RecordsAsManyAsMayRun() =>
        Assert.Equal(["Record r0", "Record r1"], Next(parallel: 2, ItemPhase.Waiting, ItemPhase.Waiting, ItemPhase.Waiting));

    [Fact]
    public void Next_RecordedOnes_AreStarted_AndAFreePlaceIsTaken() =>
        Assert.Equal(["Start r1", "Record r2"], Next(parallel: 2, ItemPhase.Succeeded, ItemPhase.Recorded, ItemPhase.Waiting));

    [Fact]
    public void Next_AFailedRun_DoesNotStopTheOthers_ButFailsTheBackfill()
    {
        Assert.Equal(["Record r1"], Next(parallel: 1, ItemPhase.Failed, ItemPhase.Waiting));
        Assert.Equal(["Finish Failed 1 of 2 runs failed."], Next(parallel: 1, ItemPhase.Failed, ItemPhase.Succeeded));
    }

    [Fact]
    public void Next_Cancelled_StopsWhatRuns_StartsNothingNew_AndEndsWhenAllHaveEnded()
    {
        Assert.Equal(["Start r1", "Cancel r0"], Next(parallel: 3, cancel: true, StepPhase.NotScheduled, ItemPhase.Running, ItemPhase.Recorded, ItemPhase.Waiting));
        // One that is only asked for cannot hear it: it is told when it has started, and until then the backfill does not end.
        Assert.Empty(Next(parallel: 3, cancel: true, StepPhase.NotScheduled, ItemPhase.Succeeded, ItemPhase.Starting, ItemPhase.Waiting));
        Assert.Equal(["Finish Cancelled "], Next(parallel: 3, cancel: true, StepPhase.NotScheduled, ItemPhase.Succeeded, ItemPhase.Cancelled, ItemPhase.Waiting));
    }

    [Fact]
    public void Next_AfterAWindow_GoesOnInAFreshHistory_WithWhatWasDone()
    {
        var input = Input(parallel: 4, BackfillRules.Window + 1);
        var facts = new BackfillFacts(input, [.. Enumerable.Repeat(ItemPhase.Succeeded, BackfillRules.Window)], StepPhase.NotScheduled, false);
        var rest = Assert.IsType<BackfillAction.GoOn>(Assert.Single(BackfillRules.Next(facts))).Rest;
        Assert.Equal((1, "r100", BackfillRules.Window), (rest.Items.Count, rest.Items[0].RunId, rest.Before.Succeeded));
        var last = new BackfillFacts(rest with { Before = rest.Before with { Failed = 1 } }, [ItemPhase.Succeeded], StepPhase.NotScheduled, false);
        Assert.Equal("1 of 102 runs failed.", Assert.IsType<BackfillAction.Finish>(Assert.Single(BackfillRules.Next(last))).Input.Error!.Message);
    }

    [Fact]
    public void Next_AfterTheFinish_ClosesOnce()
    {
        Assert.Empty(Next(parallel: 1, cancel: false, StepPhase.Running, ItemPhase.Succeeded));
        Assert.Equal(["Close Succeeded"], Next(parallel: 1, cancel: false, StepPhase.Succeeded, ItemPhase.Succeeded));
    }

    [Theory]
    [InlineData("1d", 3, "2026-05-01T00:00:00Z", "2026-05-03T12:00:00Z")]
    [InlineData("12h", 5, "2026-05-01T00:00:00Z", "2026-05-03T12:00:00Z")]
    [InlineData("schedule", 2, "2026-05-01T02:00:00Z", "2026-05-03T02:00:00Z")]
    public void Split_Range_CoversItWithoutGaps(string step, int count, string start, string end)
    {
        var range = new DataInterval(First, First.AddDays(2).AddHours(12));
        var intervals = BackfillIntervals.Split(range, step, new Pipelines.ScheduleDefinition { Cron = "0 2 * * *" });
        Assert.Equal((count, DateTimeOffset.Parse(start), DateTimeOffset.Parse(end)), (intervals.Count, intervals[0].Start, intervals[^1].End));
        Assert.All(intervals.Zip(intervals.Skip(1)), p => Assert.Equal(p.First.End, p.Second.Start));
    }

    [Fact]
    public void Split_NoScheduleOrNonsense_IsRefused()
    {
        var range = new DataInterval(First, First.AddDays(1));
        Assert.Equal("The pipeline has no schedule to take the intervals from.", Assert.Throws<FormatException>(() => BackfillIntervals.Split(range, "schedule", null)).Message);
        Assert.Equal("'often' is no step.", Assert.Throws<FormatException>(() => BackfillIntervals.Split(range, "often", null)).Message);
        Assert.Equal(BackfillIntervals.Most + 1, BackfillIntervals.Split(range, "1s", null).Count);
    }

    private static BackfillInput Input(int parallel, int items) =>
        new("bf", "p", 1, parallel, 4, [], [.. Enumerable.Range(0, items).Select(i => new BackfillItem($"r{i}", First.AddDays(i), First.AddDays(i + 1)))], default);

    private static string[] Next(int parallel, params ItemPhase[] items) => Next(parallel, false, StepPhase.NotScheduled, items);

    private static string[] Next(int parallel, bool cancel, StepPhase finish, params ItemPhase[] items) =>
        [.. BackfillRules.Next(new BackfillFacts(Input(parallel, items.Length), items, finish, cancel)).Select(a => a switch
        {
            BackfillAction.Record r => "Record " + r.Item.RunId,
            BackfillAction.Start s => "Start " + s.Item.RunId,
            BackfillAction.Cancel c => "Cancel " + c.Item.RunId,
            BackfillAction.Finish f => $"Finish {f.Input.State} {f.Input.Error?.Message}",
            BackfillAction.Close c => $"Close {c.State}",
            _ => a.ToString(),
        })];
}
