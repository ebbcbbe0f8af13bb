using FlowForge.Catalog;
using FlowForge.Orchestration.Workflow;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Tests;

public sealed class RunRulesTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 29, 1, 30, 0, TimeSpan.Zero);

    /// <summary>airports and flights (ingest) → silver.clean → gold.delays; weather stands alone.</summary>
    private static readonly RunInput Input = new("run_1", "flights", 3, 2,
    [
        new("ingest.airports", "airports", JobKind.Ingest, [], "bronze.airports"),
        new("ingest.flights", "flights", JobKind.Ingest, ["ingest.airports"], "bronze.flights"),
        new("ingest.weather", "weather", JobKind.Ingest, [], "bronze.weather"),
        new("silver.clean", "clean", JobKind.Silver, ["ingest.flights"], "silver.clean"),
        new("gold.delays", "delays", JobKind.Gold, ["silver.clean", "ingest.airports"], "gold.delays"),
    ]);

    private static readonly StepFact<BeginResult> Begun = new(StepPhase.Succeeded, new BeginResult(Time, new Dictionary<string, long> { ["bronze.carriers"] = 4 }));
    private static readonly RunError Broken = new("FF2001", "flights.csv has no header.", "Set header: false.");

    private static RunFacts Facts(StepFact<BeginResult> begin, bool paused = false, bool cancel = false, StepFact<bool>? finish = null,
        params (string Job, StepFact<JobResult> Fact)[] jobs) =>
        new(Input, begin, jobs.ToDictionary(j => j.Job, j => j.Fact), finish ?? StepFact<bool>.None, paused, cancel);

    private static StepFact<JobResult> Done(string table, long version) => new(StepPhase.Succeeded, new JobResult(new RowCounts(1, 1), table, version));

    private static StepFact<JobResult> Running(bool cancelRequested = false) => new(StepPhase.Running, CancelRequested: cancelRequested);

    [Fact]
    public void Next_NothingHappened_BeginsTheRun() =>
        Assert.Equal([new RunAction.Begin(new BeginInput("run_1"))], RunRules.Next(Facts(StepFact<BeginResult>.None)));

    [Fact]
    public void Next_BeginIsRunning_Waits() => Assert.Empty(RunRules.Next(Facts(new(StepPhase.Running))));

    [Fact]
    public void Next_Begun_StartsIndependentJobsUpToTheCap() =>
        Assert.Equal(["ingest.airports", "ingest.weather"], Started(RunRules.Next(Facts(Begun))));

    [Fact]
    public void Next_OneSlotTaken_StartsOnlyOneMore() =>
        Assert.Equal(["ingest.weather"], Started(RunRules.Next(Facts(Begun, jobs: ("ingest.airports", Running())))));

    [Fact]
    public void Next_InputsCommitted_PinsTheirVersionsAndThoseOfTheBeginning()
    {
        var actions = RunRules.Next(Facts(Begun, jobs:
            [("ingest.airports", Done("bronze.airports", 0)), ("ingest.flights", Done("bronze.flights", 7)), ("ingest.weather", Done("bronze.weather", 2))]));

        var start = Assert.IsType<RunAction.StartJob>(Assert.Single(actions));
        Assert.Equal("silver.clean", start.Input.JobId);
        Assert.Equal(Time, start.Input.RunTime);
        Assert.Equal(new Dictionary<string, long> { ["bronze.carriers"] = 4, ["bronze.airports"] = 0, ["bronze.flights"] = 7, ["bronze.weather"] = 2 }, start.Input.InputVersions);
    }

    [Fact]
    public void Next_RunMayBeTriedAgain_WaitsOnce_ThenDoesOnlyWhatDidNotSucceed()
    {
        var input = Input with { Attempts = 2, RetryDelay = TimeSpan.FromMinutes(10) };
        var failed = Facts(Begun, jobs: [("ingest.airports", Done("bronze.airports", 0)), ("ingest.flights", new(StepPhase.Failed, Error: Broken)), ("ingest.weather", Done("bronze.weather", 2))]) with { Input = input };
        var wait = Assert.IsType<RunAction.WaitForRetry>(Assert.Single(RunRules.Next(failed)));
        Assert.Equal(("run_1", 1, 2, TimeSpan.FromMinutes(10), "ingest.flights failed: flights.csv has no header."), (wait.Note.RunId, wait.Note.Round, wait.Note.Attempts, wait.Note.Delay, wait.Note.Error!.Message));
        Assert.Empty(RunRules.Next(failed with { WaitsForRetry = true }));
        Assert.IsType<RunAction.Finish>(Assert.Single(RunRules.Next(failed with { WaitsForRetry = true, CancelRequested = true })));

        var again = Facts(Begun, jobs: [("ingest.airports", Done("bronze.airports", 0)), ("ingest.weather", Done("bronze.weather", 2))]) with { Input = input, Round = 1, RoundStarted = Time.AddMinutes(10) };
        var start = Assert.IsType<RunAction.StartJob>(Assert.Single(RunRules.Next(again)));
        Assert.Equal(("ingest.flights", Time.AddMinutes(10)), (start.Input.JobId, start.Input.Since));
        Assert.IsType<RunAction.Finish>(Assert.Single(RunRules.Next(failed with { Round = 1 })));
    }

    [Fact]
    public void Next_JobFailed_IndependentJobsGoOn_DependantsAreSkippedWithTheReason()
    {
        var facts = Facts(Begun, jobs: [("ingest.airports", Done("bronze.airports", 0)), ("ingest.flights", new(StepPhase.Failed, Error: Broken)), ("ingest.weather", Running())]);

        Assert.Empty(RunRules.Next(facts)); // weather is not stopped, nothing new starts
        var states = RunRules.States(facts);
        Assert.Equal(RunState.Skipped, states["silver.clean"].State);
        Assert.Equal("Skipped, because ingest.flights, on which it depends, failed.", states["silver.clean"].Error!.Message);
        Assert.Equal("Skipped, because silver.clean, on which it depends, was skipped.", states["gold.delays"].Error!.Message);
    }

    [Fact]
    public void Next_EverythingEndedWithAFailure_FinishesFailedWithTheFirstError()
    {
        var actions = RunRules.Next(Facts(Begun, jobs:
            [("ingest.airports", Done("bronze.airports", 0)), ("ingest.flights", new(StepPhase.Failed, Error: Broken)), ("ingest.weather", Done("bronze.weather", 1))]));

        var finish = Assert.IsType<RunAction.Finish>(Assert.Single(actions)).Input;
        Assert.Equal(RunState.Failed, finish.State);
        Assert.Equal(new RunError("FF2001", "ingest.flights failed: flights.csv has no header.", "Set header: false."), finish.Error);
        Assert.Equal([RunState.Succeeded, RunState.Failed, RunState.Succeeded, RunState.Skipped, RunState.Skipped], finish.Jobs.Select(j => j.State));
    }

    [Fact]
    public void Next_Paused_StartsNothingAndStopsNothing() =>
        Assert.Empty(RunRules.Next(Facts(Begun, paused: true, jobs: ("ingest.airports", Running()))));

    [Fact]
    public void Next_CancelRequested_StopsEachRunningJobOnce()
    {
        var facts = Facts(Begun, cancel: true, jobs: [("ingest.airports", Running()), ("ingest.weather", Running(cancelRequested: true))]);
        Assert.Equal([new RunAction.StopStep("ingest.airports")], RunRules.Next(facts));
    }

    [Fact]
    public void Next_CancelRequestedBeforeTheBeginning_FinishesCancelled()
    {
        var finish = Assert.IsType<RunAction.Finish>(Assert.Single(RunRules.Next(Facts(StepFact<BeginResult>.None, cancel: true)))).Input;
        Assert.Equal(RunState.Cancelled, finish.State);
        Assert.All(finish.Jobs, j => Assert.Equal(RunState.Cancelled, j.State));
    }

    [Fact]
    public void Next_CancelledJobsEnded_FinishesCancelled_WithNothingLeftOpen()
    {
        var actions = RunRules.Next(Facts(Begun, cancel: true, jobs: [("ingest.airports", new(StepPhase.Cancelled)), ("ingest.weather", Done("bronze.weather", 0))]));
        var finish = Assert.IsType<RunAction.Finish>(Assert.Single(actions)).Input;
        Assert.Equal(RunState.Cancelled, finish.State);
        Assert.DoesNotContain(finish.Jobs, j => j.State is RunState.Queued or RunState.Running);
    }

    [Fact]
    public void Next_CancelCameAfterEverythingSucceeded_FinishesSucceeded()
    {
        var done = Input.Steps.Select(s => (s.JobId, Done(s.Writes!, 0))).ToArray();
        var finish = Assert.IsType<RunAction.Finish>(Assert.Single(RunRules.Next(Facts(Begun, cancel: true, jobs: done)))).Input;
        Assert.Equal(RunState.Succeeded, finish.State);
        Assert.Null(finish.Error);
    }

    [Fact]
    public void Next_BeginFailed_FinishesFailed()
    {
        var finish = Assert.IsType<RunAction.Finish>(Assert.Single(RunRules.Next(Facts(new(StepPhase.Failed, Error: Broken))))).Input;
        Assert.Equal((RunState.Failed, Broken), (finish.State, finish.Error));
    }

    [Fact]
    public void Next_BeginFailedAfterACancelRequest_FinishesCancelled()
    {
        var finish = Assert.IsType<RunAction.Finish>(Assert.Single(RunRules.Next(Facts(new(StepPhase.Failed, Error: Broken), cancel: true)))).Input;
        Assert.Equal((RunState.Cancelled, null), (finish.State, finish.Error));
    }

    [Fact]
    public void Next_Finished_ClosesOnce()
    {
        var done = Input.Steps.Select(s => (s.JobId, Done(s.Writes!, 0))).ToArray();
        Assert.Empty(RunRules.Next(Facts(Begun, finish: new(StepPhase.Running), jobs: done)));
        Assert.Equal([new RunAction.Close(RunState.Succeeded, null)], RunRules.Next(Facts(Begun, finish: new(StepPhase.Succeeded, true), jobs: done)));
    }

    private static string[] Started(IReadOnlyList<RunAction> actions) => [.. actions.OfType<RunAction.StartJob>().Select(a => a.Input.JobId)];
}
