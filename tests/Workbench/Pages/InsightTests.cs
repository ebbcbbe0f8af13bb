using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>What the table page tells beyond rows.</summary>
public sealed class InsightTests(Bench bench) : IClassFixture<Bench>
{
    private static async Task ShotAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name) });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Profile_OfATable_ShowsColumnsAndSaysThatItIsASample(bool dark)
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport", dark);
        await page.GetByRole(AriaRole.Link, new() { Name = "Profile" }).ClickAsync();
        await page.GetByText("of 1,000,000 rows of 3,003,190, chosen by chance").WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "mean_delay" })).ToContainTextAsync("9.43 ± 30.18");
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { Name = "Histogram of mean_delay: most rows lie between 0 and 10" })).ToBeVisibleAsync();
        await ShotAsync(page, $"profile-{(dark ? "dark" : "light")}.png");
    }

    [Fact]
    public async Task Lineage_OfAColumn_ShowsBothWays()
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport/lineage");
        await page.GetByLabel("Column to follow").SelectOptionAsync("mean_delay");
        await page.GetByRole(AriaRole.Link, new() { Name = "bronze.flights.delay" }).WaitForAsync();
        await Assertions.Expect(page.GetByText("Nothing reads it.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("decides on rows")).ToBeVisibleAsync();
        await ShotAsync(page, "column-lineage.png");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Versions_Restore_ShowsWhatHappensAndAsksForTheWatermark(bool dark)
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport/versions", dark);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Restore version 4" })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore version 2" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("Nothing is lost: version 4 stays in the history.").WaitForAsync();
        await Assertions.Expect(dialog.GetByText("305 → 298")).ToBeVisibleAsync();
        await Assertions.Expect(dialog.GetByText("mean_delay DOUBLE → FLOAT")).ToBeVisibleAsync();
        await Assertions.Expect(dialog.GetByText("Set it back too")).ToBeCheckedAsync();
        await ShotAsync(page, $"restore-{(dark ? "dark" : "light")}.png");
        await dialog.GetByText("Keep it").CheckAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Restore version 2" }).ClickAsync();
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        Assert.Contains(new RestoreTable(2, RestoreCursor.Keep), bench.Runtime.Restores);
    }

    [Fact]
    public async Task Versions_RestoreWithVacuumedFiles_NamesThemAndCannotBeDone()
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport/versions");
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore version 0" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("part-000-00000-0f3a.zstd.parquet").WaitForAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Restore version 0" })).ToBeDisabledAsync();
    }

    [Fact]
    public async Task Versions_Changes_ShowRowsThatDiffer()
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport/versions");
        await page.GetByRole(AriaRole.Button, new() { Name = "Changes of version 3" }).ClickAsync();
        await page.GetByText("rows against version 2").WaitForAsync();
        await Assertions.Expect(page.GetByText("The first 2 of 15.")).ToBeVisibleAsync();
        await ShotAsync(page, "diff.png");
    }
}
