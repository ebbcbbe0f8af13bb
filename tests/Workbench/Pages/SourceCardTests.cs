using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Cards of sources, the history of ingests, and two runs side by side.</summary>
public sealed class SourceCardTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Cards_ShowWhatWasMeasuredAndNothingElse()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources");
        var files = page.GetByLabel("flights flights");
        await Assertions.Expect(files).ToContainTextAsync("2,999,800 new, 0 updated, 9 rejected");
        await Assertions.Expect(files).ToContainTextAsync("duplicate");
        await Assertions.Expect(files.GetByText("drift")).ToBeVisibleAsync();
        await files.GetByRole(AriaRole.Button, new() { Name = "New files?" }).ClickAsync();
        await files.GetByText("2 new").WaitForAsync();
        await Assertions.Expect(files).ToContainTextAsync("of 12 files at the source");
        var fresh = page.GetByLabel("web visits");
        await Assertions.Expect(fresh).ToContainTextAsync("never ran");
        // Neither sync nor failures nor files were measured: no line stands for them.
        Assert.Equal(["Reads"], await fresh.Locator("dt").AllInnerTextsAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Databases" }).ClickAsync();
        await Assertions.Expect(page.Locator(".source-card")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".source-card")).ToContainTextAsync("replication lag");
    }

    [Fact]
    public async Task History_IsFilteredAndDownloaded()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/sources/history");
        await page.GetByText("connection refused by db.example.com").WaitForAsync();
        await page.GetByLabel("Rows at least").FillAsync("100");
        await page.GetByLabel("Rows at least").PressAsync("Tab");
        await page.WaitForFunctionAsync("() => location.search.includes('rows=100')", null, new() { Timeout = 60_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Failed" }).ClickAsync();
        await page.WaitForFunctionAsync("() => location.search.includes('state=failed')", null, new() { Timeout = 60_000 });
        await page.GetByLabel("To day").FillAsync("2026-05-01");
        await page.WaitForFunctionAsync("() => location.search.includes('to=2026-05-01')", null, new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(2);
        // The address changes before the runtime is asked. The viewer sits in Berlin, where the second of May begins at 22:00 UTC.
        for (var i = 0; i < 600 && !Asked(); i++) await Task.Delay(100);
        Assert.True(Asked(), bench.Runtime.HistoryQueries[^1]);
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "CSV" }).ClickAsync());
        Assert.Equal("ingestions.csv", file.SuggestedFilename);
        Assert.Equal("run,pipeline\r\nrun_1,flights\r\n", await File.ReadAllTextAsync(await file.PathAsync()));
        await page.GetByRole(AriaRole.Link, new() { Name = "Clear" }).ClickAsync();
        await page.GetByLabel("Search ingestions").FillAsync("nothing");
        await page.GetByLabel("Search ingestions").PressAsync("Enter");
        await page.GetByText("Nothing fits these filters").WaitForAsync();

        bool Asked()
        {
            return bench.Runtime.HistoryQueries.Any(q => Uri.UnescapeDataString(q).Contains("state=failed&to=2026-05-01T22:00:00.0000000Z&minRows=100", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Run_TimelineChartsAndComparison()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/runs/run_8f1e");
        await page.GetByRole(AriaRole.Button, new() { Name = "Timeline" }).ClickAsync();
        await page.Locator(".timeline-bar.succeeded").First.WaitForAsync();
        await Assertions.Expect(page.Locator(".timeline-row")).ToHaveCountAsync(bench.Runtime.Sample.Run("run_8f1e").Jobs.Count);
        await page.GetByRole(AriaRole.Img, new() { Name = "Rows: from 20 K rows/s to 20 K rows/s, highest 20 K rows/s" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await page.WaitForFunctionAsync("() => location.pathname === '/runs/compare'", null, new() { Timeout = 60_000 });
        await page.GetByText("Both ran the same definition.").WaitForAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(page.GetByLabel("Jobs").Locator("tbody tr").First).ToContainTextAsync("→");
        // Runs to choose from are named by when they were, where the viewer is.
        await page.WaitForFunctionAsync("() => [...document.querySelectorAll('.compare-sums option')].every(o => o.label.includes(new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' }).format(new Date(o.dataset.at)).replace(/ ?[AP]M/, '')) && o.label.endsWith(o.dataset.after) && !o.label.includes('UTC'))", null, new() { Timeout = 60_000 });
        // Both choices lie within the card at 1280 pixels.
        var (card, second) = ((await page.Locator(".compare-sums").BoundingBoxAsync())!, (await page.GetByLabel("Second run").BoundingBoxAsync())!);
        Assert.InRange(second.X + second.Width, 0, card.X + card.Width);
        Assert.InRange(card.X + card.Width, 0, 1280);
        await page.GotoAsync($"{bench.Workbench.Url}runs/compare?a=run_8f1e&b=run_8f1e");
        await page.GetByText("This is the first run of its pipeline, compared with itself: choose another one.").WaitForAsync();
    }
}
