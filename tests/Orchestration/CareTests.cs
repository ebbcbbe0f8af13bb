using FlowForge.Catalog;
using FlowForge.Orchestration.Care;
using FlowForge.Orchestration.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace FlowForge.Orchestration.Tests;

/// <summary>Work on tables against the embedded server: restarts, failures, cancels. What the work itself does is a script here.</summary>
public sealed class CareTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task StartAsync_RuntimeStopsInTheMiddle_AnotherAttemptEndsIt()
    {
        await using var runtime = new RuntimeFixture();
        var script = new Script((care, progress, found, ct) =>
        {
            found($"found by attempt {care.Attempts}");
            progress(new CareProgress("merging", care.Attempts, 4));
            if (care.Attempts == 1) ct.WaitHandle.WaitOne();
            ct.ThrowIfCancellationRequested();
            return $"done by attempt {care.Attempts} from version {care.BaseVersion}, {care.Result}";
        });
        runtime.Care = script;
        await runtime.BeginAsync();
        var service = runtime.Services.GetRequiredService<CareService>();
        var id = await service.StartAsync("bronze.a", TableCareKind.Optimize, "{}", "tester", None);
        await runtime.UntilAsync(() => runtime.Catalog.Care.Get(id) is { Done: 1 }, "the first attempt");
        script.Version = 9;
        await runtime.StopRuntimeAsync();
        await runtime.StartRuntimeAsync();
        var ended = await EndOfAsync(runtime, id);
        Assert.Equal((RunState.Succeeded, 2, "done by attempt 2 from version 7, found by attempt 1", 4L, 4L), (ended.State, ended.Attempts, ended.Result, ended.Done, ended.Total));
        Assert.Equal(("bronze.a", TableCareKind.Optimize, "tester", null, null), (ended.Table, ended.Kind, ended.By, ended.Phase, ended.Error));
        Assert.Empty(runtime.Catalog.Care.Open());
    }

    [Fact]
    public async Task StartAsync_PassingFailureThenOneForGood_IsTriedAgainAndTold()
    {
        await using var runtime = new RuntimeFixture();
        RunError? before = null;
        runtime.Care = new Script((care, _, _, _) =>
        {
            before = care.Error;
            throw new CareFailedException("FF4083", $"attempt {care.Attempts} conflicts", "wait", passing: care.Attempts < 2);
        });
        await runtime.BeginAsync();
        var service = runtime.Services.GetRequiredService<CareService>();
        var id = await service.StartAsync("bronze.b", TableCareKind.Alter, "{}", "tester", None);
        var ended = await EndOfAsync(runtime, id);
        Assert.Equal((RunState.Failed, 2, new RunError("FF4083", "attempt 2 conflicts", "wait")), (ended.State, ended.Attempts, ended.Error));
        Assert.Equal(new RunError("FF4083", "attempt 1 conflicts", "wait"), before);
        await service.CancelAsync(id, None);
        Assert.Equal(RunState.Failed, runtime.Catalog.Care.Get(id)!.State);
    }

    [Fact]
    public async Task StartAsync_WorkOnManyTables_LeavesRoomForRuns()
    {
        await using var runtime = new RuntimeFixture();
        using var enough = new CancellationTokenSource();
        var atOnce = 0;
        runtime.Care = new Script((_, progress, _, ct) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref atOnce));
            progress(new CareProgress("merging", 1, 2));
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, enough.Token);
            either.Token.WaitHandle.WaitOne();
            Interlocked.Decrement(ref atOnce);
            ct.ThrowIfCancellationRequested();
            return "done";
        });
        await runtime.BeginAsync();
        var service = runtime.Services.GetRequiredService<CareService>();
        var ids = new List<string>();
        for (var i = 0; i < 6; i++) ids.Add(await service.StartAsync($"bronze.many{i}", TableCareKind.Optimize, "{}", "tester", None));
        await runtime.UntilAsync(() => ids.Any(id => runtime.Catalog.Care.Get(id)!.Done == 1), "the first work");
        runtime.WriteFile("a.csv", "id\n1\n2\n");
        runtime.Put("pipeline: beside\ningest:\n  beside:\n    source_type: file_local\n    format: csv\n    config: { path: a.csv }\n");
        var run = await runtime.EndOfAsync(await runtime.Runs.StartAsync(StartRun.All("beside"), None));
        Assert.Equal(RunState.Succeeded, run.State);
        Assert.Single(ids, id => runtime.Catalog.Care.Get(id)!.State == RunState.Running);
        await enough.CancelAsync();
        foreach (var id in ids) Assert.Equal((RunState.Succeeded, "done"), (await EndOfAsync(runtime, id)) is var e ? (e.State, e.Result) : default);
    }

    [Fact]
    public async Task CancelAsync_WhatRunsAndWhatWaits_BothEnd_AndTheTableIsFreeAgain()
    {
        await using var runtime = new RuntimeFixture();
        runtime.Care = new Script((care, progress, _, ct) =>
        {
            progress(new CareProgress("merging", 1, 2));
            ct.WaitHandle.WaitOne();
            throw new OperationCanceledException(ct);
        });
        await runtime.BeginAsync();
        var service = runtime.Services.GetRequiredService<CareService>();
        var first = await service.StartAsync("bronze.c", TableCareKind.Vacuum, "{}", "tester", None);
        await runtime.UntilAsync(() => runtime.Catalog.Care.Get(first) is { Done: 1 }, "the first work");
        // One at a time in a process, and one at a time for a table.
        var second = await service.StartAsync("bronze.d", TableCareKind.Optimize, "{}", "tester", None);
        var refused = await Assert.ThrowsAsync<RunRefusedException>(() => service.StartAsync("bronze.c", TableCareKind.Optimize, "{}", "tester", None));
        Assert.Equal(("FF3413", $"A vacuum of bronze.c is under way ({first})."), (refused.Code, refused.Message));
        await service.CancelAsync(second, None);
        Assert.Equal((RunState.Cancelled, 0), (await EndOfAsync(runtime, second)) is var s ? (s.State, s.Attempts) : default);
        await service.CancelAsync(first, None);
        Assert.Equal((RunState.Cancelled, 1), (await EndOfAsync(runtime, first)) is var f ? (f.State, f.Attempts) : default);
        var next = await service.StartAsync("bronze.c", TableCareKind.Optimize, "{}", "tester", None);
        await service.CancelAsync(next, None);
        Assert.Equal(RunState.Cancelled, (await EndOfAsync(runtime, next)).State);
        Assert.Equal("There is no work on a table under 'care_x'.", (await Assert.ThrowsAsync<RunRefusedException>(() => service.CancelAsync("care_x", None))).Message);
    }

    private static async Task<TableCareRecord> EndOfAsync(RuntimeFixture runtime, string id)
    {
        await runtime.UntilAsync(() => runtime.Catalog.Care.Get(id)!.State.IsFinal(), id);
        return runtime.Catalog.Care.Get(id)!;
    }

    private sealed class Script(Func<TableCareRecord, Action<CareProgress>, Action<string>, CancellationToken, string> work) : ICareWork
    {
        public long Version { get; set; } = 7;

        public long? VersionOf(string table) => Version;

        public string Do(TableCareRecord care, Action<CareProgress> progress, Action<string> found, CancellationToken ct) => work(care, progress, found, ct);
    }
}
