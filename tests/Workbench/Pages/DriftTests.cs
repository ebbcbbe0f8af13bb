using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Held changes, watermarks and rejects: looked at, decided, set, mended.</summary>
public sealed class DriftTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Hold_IsApproved_WithTheSuggestedRenameAndAColumnLeftOut_AfterAConfirmation()
    {
        var page = await bench.OpenAsync("/drift");
        var card = page.GetByLabel("Held change of bronze.movies");
        await card.GetByText("the names are alike (95 %), BIGINT became DOUBLE, 88 % of the new column's values are in the old one").WaitForAsync();
        await card.GetByText("gold.top_movies.gross").WaitForAsync();
        await Assertions.Expect(card.GetByLabel("What becomes of us_gross_usd")).ToHaveValueAsync("=us_gross");
        await card.GetByLabel("What becomes of debug_info").SelectOptionAsync("discard");
        await card.GetByRole(AriaRole.Button, new() { Name = "Approve…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Approve the change" });
        await dialog.GetByText("us_gross_usd is us_gross under a new name: one column, called us_gross").WaitForAsync();
        await dialog.GetByText("debug_info is left out, now and in later runs").WaitForAsync();
        await dialog.GetByText("running_time_min becomes DOUBLE, also for the rows that are there").WaitForAsync();
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "dialog-approve.png") });
        await dialog.GetByLabel("Why").FillAsync("as announced");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Approve", Exact = true }).ClickAsync();
        await card.GetByText("Approved, but no run goes on: the pipeline has changed").WaitForAsync();
        var body = Assert.IsType<ApproveHold>(bench.Runtime.Drifted.Single(d => d.Act == "approve run_8f1f-movies").Body);
        Assert.Equal(("us_gross", "as announced", true, "workbench"), (body.Renames!["us_gross_usd"], body.Note, body.Continue, body.By));
        Assert.Equal(["debug_info"], body.Discard!);
        await Assertions.Expect(card.GetByRole(AriaRole.Button, new() { Name = "Approve…" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Watermark_Set_SaysWhatIsReadAgainFirst()
    {
        var page = await bench.OpenAsync("/drift/watermarks");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set the watermark of bronze.flights" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Watermark of bronze.flights" });
        var set = dialog.GetByRole(AriaRole.Button, new() { Name = "Set the watermark" });
        await Assertions.Expect(set).ToBeDisabledAsync();
        await dialog.GetByLabel("New value").FillAsync("soon");
        await dialog.GetByLabel("New value").PressAsync("Tab");
        await dialog.GetByText("'soon' is no DATE, which the watermark column date is.").WaitForAsync();
        await Assertions.Expect(set).ToBeDisabledAsync();
        await dialog.GetByLabel("New value").FillAsync("2001-06-01");
        await dialog.GetByLabel("New value").PressAsync("Tab");
        await dialog.GetByText("The next run reads from date = 2001-06-01 on again, where 1204 rows of bronze.flights lie.").WaitForAsync();
        await set.ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Equal(new SetWatermark("2001-06-01"), Assert.Single(bench.Runtime.Drifted, d => d.Act == "watermark flights").Body);
    }

    [Fact]
    public async Task Watermarks_Searched_ShowWhatFits()
    {
        var page = await bench.OpenAsync("/drift/watermarks");
        await Assertions.Expect(page.Locator(".table tbody tr")).ToHaveCountAsync(2);
        await page.GetByLabel("Search watermarks").FillAsync("orders");
        await page.GetByLabel("Search watermarks").PressAsync("Enter");
        await Assertions.Expect(page.Locator(".table tbody tr")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set the watermark of bronze.orders" }).WaitForAsync();
        Assert.EndsWith("/drift/watermarks?search=orders", page.Url);
        await page.GetByLabel("Search watermarks").FillAsync("nobody");
        await page.GetByLabel("Search watermarks").PressAsync("Enter");
        await page.GetByText("No watermark holds 'nobody'").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Show all" }).ClickAsync();
        await Assertions.Expect(page.Locator(".table tbody tr")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Landing_OldFiles_AreListedBeforeTheyGo()
    {
        var page = await bench.OpenAsync("/drift/landing");
        await page.GetByText("3 for rejects that may be replayed").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Look at what would go of flights" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Old landed files of flights" });
        await dialog.GetByText("flights/flights/2001/01/02/20010102T020000Z_flights-2.json").WaitForAsync();
        Assert.DoesNotContain(bench.Runtime.Drifted, d => d.Act == "clean flights");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Remove them" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Single(bench.Runtime.Drifted, d => d.Act == "clean flights");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Look at what would go of flights" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Table_Drift_ShowsTheSchemasSideBySide()
    {
        var page = await bench.OpenAsync("/catalog/bronze/movies/drift");
        await page.GetByText("us_gross BIGINT → DOUBLE").First.WaitForAsync();
        var sides = page.GetByLabel("Version 0 against version 4");
        await sides.Locator("tr.removed", new() { HasText = "rating" }).WaitForAsync();
        await sides.Locator("tr.added", new() { HasText = "director" }).WaitForAsync();
        await sides.Locator("tr.changed", new() { HasText = "us_gross" }).WaitForAsync();
        await sides.GetByText("gold.top_movies.rating").WaitForAsync();
    }

    [Fact]
    public async Task Rejects_FixByRule_ShowsTheChangeAndStoresIt_ThenReplays()
    {
        var page = await bench.OpenAsync("/catalog/bronze/movies/rejects");
        await page.GetByRole(AriaRole.Button, new() { Name = "Fix by rule…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Fix by rule" });
        await dialog.GetByLabel("More records may be rejected before a run fails").CheckAsync();
        await dialog.GetByLabel("Number, or share such as 2%").FillAsync("5%");
        await dialog.GetByLabel("Number, or share such as 2%").PressAsync("Tab");
        await dialog.GetByLabel("Change of the pipeline's YAML").WaitForAsync();
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "dialog-fix.png") });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Store the change" }).ClickAsync();
        await dialog.GetByText("is stored. Replay the rejects to read them by it.").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay…" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Replay rejects" }).WaitForAsync();
    }
}
