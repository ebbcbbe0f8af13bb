using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Backfills of a pipeline: seen, previewed, started, cancelled.</summary>
public sealed class BackfillTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task New_IsPreviewedBeforeItStarts_AndAChangeAsksForThePreviewAgain()
    {
        var page = await bench.OpenAsync("/pipelines/flights/backfills");
        await page.GetByRole(AriaRole.Button, new() { Name = "New backfill" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Backfill flights" });
        await dialog.GetByLabel("From (UTC)").FillAsync("2026-05-01T00:00");
        await dialog.GetByLabel("To (UTC)").FillAsync("2026-05-04T00:00");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await Assertions.Expect(dialog.GetByText("2 of 3 intervals would run, of version 3.")).ToBeVisibleAsync();
        await Assertions.Expect(dialog.GetByText("run_7c12 failed")).ToBeVisibleAsync();
        await ScreenAsync(page, "backfill-preview");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Only missing" }).ClickAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Start" })).ToHaveCountAsync(0);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        Assert.Empty(bench.Runtime.Backfills);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Start 2 runs" }).ClickAsync();
        await page.GetByText("bf_new").WaitForAsync();
        var body = Assert.Single(bench.Runtime.Backfills);
        Assert.Equal((new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 5, 4, 0, 0, 0, TimeSpan.Zero), BackfillOnly.Missing, 1, null), (body.From, body.To, body.Only, body.MaxParallel, body.Step));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task List_ShowsProgressAndErrors_AndCancelAsksFirst(bool dark)
    {
        var page = await bench.OpenAsync("/pipelines/flights/backfills", dark);
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "bf_now" });
        await row.WaitForAsync();
        await Assertions.Expect(page.GetByText("2 of 7 runs failed.")).ToBeVisibleAsync();
        await ScreenAsync(page, dark ? "backfills-dark" : "backfills");
        if (dark)
            return;
        await Assertions.Expect(row).ToContainTextAsync("12 of 31");
        await row.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Cancel this backfill?" }).GetByRole(AriaRole.Button, new() { Name = "Cancel backfill" }).ClickAsync();
        await Assertions.Expect(row.Locator(".state")).ToHaveTextAsync("Cancelled");
        await Assertions.Expect(row.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToHaveCountAsync(0);
        await row.GetByRole(AriaRole.Link).First.ClickAsync();
        await page.ArriveAsync("/runs?backfill=bf_now");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Plan_SaysWhatStartsThePipeline_AndWhatIsWrongWithIt(bool dark)
    {
        var page = await bench.OpenAsync("/pipelines/flights/plan", dark);
        var starts = page.GetByRole(AriaRole.Region, new() { Name = "What starts it" });
        await Assertions.Expect(starts.GetByRole(AriaRole.Row)).ToHaveCountAsync(4);
        await Assertions.Expect(starts.GetByText("left out after run_7c10: run_7c0f of pipeline flights is still running.")).ToBeVisibleAsync();
        await Assertions.Expect(starts.GetByRole(AriaRole.Link, new() { Name = "run_7c11" })).ToBeVisibleAsync();
        await Assertions.Expect(starts.Locator(".chip")).ToHaveCountAsync(5);
        await ScreenAsync(page, dark ? "starts-dark" : "starts");
    }

    private static async Task ScreenAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }
}
