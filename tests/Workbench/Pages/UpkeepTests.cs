using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Upkeep of a table: what was asked for, its progress, and the questions before something goes.</summary>
public sealed class UpkeepTests(Bench bench) : IClassFixture<Bench>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Vacuum_ShowsWhatWouldGo_ThenItsProgress_ThenWhatWent(bool dark)
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport/upkeep", dark);
        await page.GetByText("12 files became 1, as version 4").First.WaitForAsync();
        await Assertions.Expect(page.GetByText("Column 'name' cannot get another name without column mapping. The table stays as it is.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Vacuum…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("would be removed for good").WaitForAsync();
        await dialog.GetByLabel("Keep files that were replaced within").SelectOptionAsync("720");
        await dialog.GetByText("There is nothing to remove").WaitForAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Remove" })).ToBeDisabledAsync();
        await dialog.GetByLabel("Keep files that were replaced within").SelectOptionAsync("24");
        await dialog.GetByText("12 files, 96 MB").WaitForAsync();
        await ShotAsync(page, $"vacuum-{(dark ? "dark" : "light")}.png");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Remove 12 files" }).ClickAsync();
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        await page.GetByText("removing", new() { Exact = true }).WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Optimize…" })).ToBeDisabledAsync();
        await ShotAsync(page, $"upkeep-{(dark ? "dark" : "light")}.png");
        bench.Runtime.EndWork();
        await page.GetByText("12 files, 96 MB removed").First.WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Optimize…" })).ToBeEnabledAsync();
        Assert.Contains(("Vacuum", new VacuumTable(24)), bench.Runtime.Upkeep);
    }

    [Fact]
    public async Task Optimize_SortedAndCancelled_AsksFirst()
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport/upkeep");
        await page.GetByRole(AriaRole.Button, new() { Name = "Optimize…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Sort the rows by").SelectOptionAsync("mean_delay");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Sort", Exact = true }).ClickAsync();
        await page.GetByText("sort by mean_delay").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel the work" }).ClickAsync();
        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "sort by mean_delay" }).GetByText("Cancelled").WaitForAsync();
        Assert.Equal(["mean_delay"], bench.Runtime.Upkeep.Select(u => u.Body).OfType<OptimizeTable>().Single().SortBy!);
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name) });
    }
}
