using System.Net;
using FlowForge.Contracts;

namespace FlowForge.Api.Tests.Endpoints;

[Collection(RuntimeCollection.Name)]
public sealed class BackfillTests(TestRuntime runtime)
{
    private static readonly DateTimeOffset May = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FlowForgeClient client = runtime.Client;

    [Fact]
    public async Task Preview_RangeOfDays_NamesEachInterval_AndStartsNothing()
    {
        await client.PutPipelineAsync("bf_days", new PutPipeline("pipeline: bf_days\ningest:\n  a: { source_type: file_local, format: csv, config: { path: a.csv } }\n"), TestContext.Current.CancellationToken);
        var preview = await client.PreviewBackfillAsync("bf_days", new StartBackfill(May, May.AddDays(2).AddHours(6), Only: BackfillOnly.Missing));
        Assert.Equal(("bf_days", 1, "1d", 3), (preview.Pipeline, preview.PipelineVersion, preview.Step, preview.Runs));
        Assert.Equal(new BackfillInterval(new(May.AddDays(2), May.AddDays(2).AddHours(6)), true, "no run yet", null, null), preview.Intervals[^1]);
        Assert.Equal(0, (await client.PreviewBackfillAsync("bf_days", new StartBackfill(May, May.AddDays(2), Only: BackfillOnly.Failed))).Runs);
        Assert.Equal(0, (await client.BackfillsAsync("bf_days")).Total);
    }

    [Theory]
    [InlineData("1d", 1, 0, "The range ends (2026-05-01 00:00:00Z) before it starts (2026-05-01 00:00:00Z).")]
    [InlineData("1s", 1, 1, "The range has more than 1000 intervals of 1s.")]
    [InlineData("often", 1, 1, "'often' is no step.")]
    [InlineData("schedule", 1, 1, "The pipeline has no schedule to take the intervals from.")]
    [InlineData("1d", 17, 1, "max_parallel is 17; it may be 1 to 16.")]
    public async Task Preview_WhatIsNotUnderstood_Is422(string step, int parallel, int days, string message)
    {
        await client.PutPipelineAsync("bf_wrong", new PutPipeline("pipeline: bf_wrong\ningest:\n  a: { source_type: file_local, format: csv, config: { path: a.csv } }\n"), TestContext.Current.CancellationToken);
        var refused = await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewBackfillAsync("bf_wrong", new StartBackfill(May, May.AddDays(days), step, MaxParallel: parallel)));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, message), (refused.Status, refused.Message));
    }

    [Fact]
    public async Task Unknown_PipelineOrBackfill_Is404()
    {
        Assert.Equal("There is no pipeline bf_none.", (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.PreviewBackfillAsync("bf_none", new StartBackfill(May, May.AddDays(1))))).Message);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.BackfillAsync("bf_none"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<FlowForgeApiException>(() => client.CancelBackfillAsync("bf_none"))).Status);
    }
}
