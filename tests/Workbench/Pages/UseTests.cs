using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>What a person does on the pages, by mouse and by keyboard.</summary>
public sealed class UseTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task System_ListsWorkerPools_WithWhoWorksAndWhatGoesThere()
    {
        var page = await bench.OpenAsync("/system");
        var heavy = page.Locator(".pools tbody tr", new() { HasText = "flowforge-heavy" });
        await heavy.GetByText("nobody works").WaitForAsync();
        await heavy.GetByText("oldest 1m 35s").WaitForAsync();
        await heavy.GetByText("gold.delays_by_airport").WaitForAsync();
        var own = page.Locator(".pools tbody tr", new() { HasText = "decisions and all other jobs" });
        await own.GetByText("1 worker").WaitForAsync();
        await own.GetByText("4711@ada").WaitForAsync();
        Assert.Equal(2, await page.Locator(".pools tbody tr").CountAsync());
    }

    [Fact]
    public async Task Search_ByKeyboard_OpensTheTable()
    {
        var page = await bench.OpenAsync("/");
        await page.Keyboard.PressAsync("Control+k");
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Search" }).PressSequentiallyAsync("by_hour");
        await Assertions.Expect(page.GetByRole(AriaRole.Option, new() { Name = "gold.delays_by_hour" })).ToContainTextAsync(new System.Text.RegularExpressions.Regex(@"gold\.delays_by_hour \d+ rows"));
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "delays_by_hour" }).WaitForAsync();
        Assert.EndsWith("/catalog/gold/delays_by_hour", page.Url);
    }

    [Fact]
    public async Task Dialog_Escape_ClosesAndGivesTheFocusBack()
    {
        var page = await bench.OpenAsync("/");
        var open = page.GetByRole(AriaRole.Button, new() { Name = "New run" });
        await open.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "New run" });
        await dialog.WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await Assertions.Expect(open).ToBeFocusedAsync();
    }

    [Fact]
    public async Task NewRun_OnAPipelinesPage_ProposesThatPipeline()
    {
        var page = await bench.OpenAsync("/pipelines/flights/plan");
        await page.GetByRole(AriaRole.Button, new() { Name = "New run" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "New run" });
        await Assertions.Expect(dialog.GetByLabel("Pipeline")).ToHaveValueAsync("flights");
        await dialog.GetByText("Runs 7 jobs of the latest version.").WaitForAsync();
    }

    [Fact]
    public async Task Run_WhoseLogWasRemoved_SaysSo()
    {
        var page = await bench.OpenAsync($"/runs/{Fakes.Sample.UnloggedId}");
        await Assertions.Expect(page.Locator(".log-none")).ToContainTextAsync("The log was removed");
        await Assertions.Expect(page.Locator(".log-none")).Not.ToContainTextAsync("Nothing has been logged yet");
    }

    [Fact]
    public async Task Lineage_OfABronzeTable_NamesItsSource()
    {
        var page = await bench.OpenAsync("/catalog/bronze/flights/lineage");
        await Assertions.Expect(page.Locator(".node").First).ToContainTextAsync("flights");
        await Assertions.Expect(page.Locator(".node").First).ToContainTextAsync("file · is read");
    }

    [Fact]
    public async Task Run_WhenItsChartsComeLate_NothingBelowThemMoves()
    {
        var held = new TaskCompletionSource();
        bench.Runtime.SamplesHeld = held.Task;
        try
        {
            var page = await bench.OpenAsync("/runs/run_8f20");
            var charts = page.GetByRole(AriaRole.Region, new() { Name = "Measured while it ran" });
            await Assertions.Expect(charts).ToHaveAttributeAsync("aria-busy", "true");
            await page.Locator(".log-line").First.WaitForAsync();
            var before = (await page.Locator("section.log").BoundingBoxAsync())!;
            held.SetResult();
            await Assertions.Expect(charts.GetByText("60 samples over")).ToBeVisibleAsync();
            var after = (await page.Locator("section.log").BoundingBoxAsync())!;
            Assert.Equal(before.Y, after.Y);
        }
        finally
        {
            held.TrySetResult();
            bench.Runtime.SamplesHeld = Task.CompletedTask;
        }
    }

    [Fact]
    public async Task NewRun_OfSomeJobsWithAParameter_IsStartedAsConfirmed()
    {
        var page = await bench.OpenAsync("/pipelines/flights");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Run flights" });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Some of them" }).ClickAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Start run" })).ToBeDisabledAsync();
        await dialog.GetByLabel("silver weather_daily").CheckAsync();
        await Assertions.Expect(dialog.GetByLabel("year")).ToHaveAttributeAsync("placeholder", "2000");
        await dialog.GetByLabel("year").FillAsync("2001");
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "dialog-run.png") });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await page.ArriveAsync($"/runs/{Sample.RunningId}");
        var body = Assert.Single(bench.Runtime.Started);
        Assert.Equal("flights", body.Pipeline);
        Assert.Equal(["silver.weather_daily"], body.Jobs);
        Assert.Equal([new("year", "2001")], body.Parameters!);
        Assert.Equal("manual", body.Trigger);
    }

    [Fact]
    public async Task Run_PausedAndResumed_SaysSoAndOffersTheOther()
    {
        var page = await bench.OpenAsync($"/runs/{Sample.RunningId}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.GetByText("This run is paused. 2 jobs still at work; nothing new starts until it is resumed.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".page-head .state")).ToHaveTextAsync("Paused");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToHaveCountAsync(0);
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "run-paused.png") });
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Assertions.Expect(page.Locator(".page-head .state")).ToHaveTextAsync("Running");
        await Assertions.Expect(page.GetByText("This run is paused")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Plan_OfStoredPipeline_SaysWhatWouldBeBuiltAndWhy()
    {
        var page = await bench.OpenAsync("/pipelines/flights/plan");
        await Assertions.Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "delays_by_airport" }).Last).ToContainTextAsync("builds its SQL has changed; bronze.flights is at version 5 (was 3)");
        await Assertions.Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "delays_by_hour" }).Last).ToContainTextAsync("stays");
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "plan-changes.png") });
    }

    [Fact]
    public async Task Check_ThatFailed_ShowsItsRows()
    {
        var page = await bench.OpenAsync($"/runs/{Sample.DoneId}?job=silver.flights_clean");
        await page.GetByRole(AriaRole.Button, new() { Name = "Failing rows of range(delay, -120..1440)" }).ClickAsync();
        await page.GetByRole(AriaRole.Cell, new() { Name = "1443" }).WaitForAsync();
        await page.GetByText("The first 3 of 12.").WaitForAsync();
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "check-rows.png") });
        await page.GetByRole(AriaRole.Button, new() { Name = "Failing rows of range(delay, -120..1440)" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = "1443" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Yaml_BrokenAndMended_MarksTheLineAndOffersSaveOnlyWhenValid()
    {
        var page = await bench.OpenAsync("/pipelines/flights/yaml");
        await page.Locator(".monaco-editor .view-line").First.WaitForAsync();
        await page.Locator(".view-line", new() { HasText = "source_type" }).First.ClickAsync();
        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.PressAsync("Control+ArrowRight");
        await page.Keyboard.PressAsync("Backspace");
        await page.GetByRole(AriaRole.Button, new() { Name = "There is no field 'source_typ' in an ingest job." }).WaitForAsync();
        await page.Locator(".squiggly-error").First.WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Save" })).ToBeDisabledAsync();
        var squiggle = await page.Locator(".squiggly-error").First.BoundingBoxAsync();
        var line = await page.Locator(".view-line", new() { HasText = "source_typ:" }).First.BoundingBoxAsync();
        Assert.InRange(squiggle!.Y, line!.Y - 2, line.Y + line.Height);
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "yaml-broken.png") });
        await page.Keyboard.PressAsync("Control+z");
        await Assertions.Expect(page.Locator(".squiggly-error")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.TypeAsync(" # mended");
        await page.Keyboard.PressAsync("Control+s");
        await page.GetByText("Version 4").WaitForAsync();
    }

    [Fact]
    public async Task Yaml_OlderVersion_IsLoadedButNotSaved()
    {
        var page = await bench.OpenAsync("/pipelines/flights/yaml");
        await page.Locator(".monaco-editor .view-line").First.WaitForAsync();
        await page.GetByLabel("Load an older version").SelectOptionAsync("2");
        await page.Locator(".view-line", new() { HasText = "# version 2" }).WaitForAsync();
        await page.GetByText("Not saved").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Leave without saving?" }).GetByRole(AriaRole.Button, new() { Name = "Stay here" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo changes" }).ClickAsync();
        await Assertions.Expect(page.Locator(".view-line", new() { HasText = "# version 2" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("Not saved")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Catalog" }).WaitForAsync();
    }

    [Fact]
    public async Task Yaml_WhileTyping_OffersTheSchemasWords()
    {
        var page = await bench.OpenAsync("/pipelines/flights/yaml");
        await page.Locator(".view-line", new() { HasText = "is_reference" }).ClickAsync();
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.TypeAsync("err");
        await page.Locator(".suggest-widget.visible .monaco-list-row", new() { HasText = "error_handling" }).WaitForAsync();
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "yaml-complete.png") });
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".suggest-widget.visible .monaco-list-row", new() { HasText = "quarantine" }).WaitForAsync();
    }

    [Fact]
    public async Task Grid_SortFilterAndPage_AreAskedOfTheRuntime()
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport");
        await page.Locator(".grid td.number").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "flights bigint" }).ClickAsync();
        await Assertions.Expect(page.Locator("th[aria-sort=ascending]")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "flights bigint" }).ClickAsync();
        await Assertions.Expect(page.Locator("th[aria-sort=descending]")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Next page" }).ClickAsync();
        await page.GetByText("51–100 of 305").WaitForAsync();
        await page.GetByLabel("Filter rows").FillAsync("origin = 'ATL'");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("1–2 of 2").WaitForAsync();
        Assert.Equal(
        [
            "?version=4&offset=0&limit=50", "?version=4&offset=0&limit=50&sort=flights", "?version=4&offset=0&limit=50&sort=flights&desc=true", "?version=4&offset=50&limit=50&sort=flights&desc=true",
            "?version=4&offset=0&limit=50&sort=flights&desc=true&filter=origin%20%3D%20%27ATL%27",
        ], bench.Runtime.RowQueries.Select(q => q.Replace("&desc=false", "")).Distinct()); // other tests of this class open the table too
    }

    [Fact]
    public async Task Run_WhileItRuns_MovesWithItsEvents()
    {
        var page = await bench.OpenAsync($"/runs/{Sample.RunningId}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ingest flights Running" }).WaitForAsync();
        var job = bench.Runtime.Sample.Run(Sample.DoneId).Jobs.Single(j => j.Id == "ingest.flights");
        bench.Runtime.Say(new RunEvent(RunEvent.JobChanged, Sample.RunningId) { Job = job });
        await page.GetByRole(AriaRole.Button, new() { Name = "Ingest flights Succeeded 2,999,804 rows · 11 rejected" }).WaitForAsync();
        var equation = page.Locator(".equation-row", new() { HasText = "flights" });
        await Assertions.Expect(equation.Locator(".equation-terms")).ToContainTextAsync("adds up");
        await Assertions.Expect(equation.Locator(".term.read, .term").First).ToContainTextAsync("3,003,190");
    }

    [Fact]
    public async Task Run_CancelledAndRetried_OnlyAfterConfirmation()
    {
        var page = await bench.OpenAsync($"/runs/{Sample.RunningId}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel run" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Cancel this run?" });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Keep running" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.DoesNotContain($"POST /api/v1/runs/{Sample.RunningId}/cancel", bench.Runtime.Calls);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel run" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel run" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        await page.GotoAsync($"{bench.Workbench.Url}runs/{Sample.FailedId}");
        await page.GetByText("Mend the file, or set error_handling: quarantine").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Retry this run?" }).GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();
        await page.ArriveAsync($"/runs/{Sample.RunningId}");
        Assert.Contains($"POST /api/v1/runs/{Sample.RunningId}/cancel", bench.Runtime.Calls);
        Assert.Contains($"POST /api/v1/runs/{Sample.FailedId}/retry", bench.Runtime.Calls);
    }

    [Fact]
    public async Task Theme_Toggled_IsKeptByTheBrowser()
    {
        var page = await bench.OpenAsync("/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Dark theme" }).ClickAsync();
        await page.Locator("html[data-theme=dark]").WaitForAsync();
        await page.ReloadAsync();
        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
    }

    [Fact]
    public async Task Times_AreInTheViewersZone_WithUtcOnHover()
    {
        var page = await bench.OpenAsync($"/runs/{Sample.DoneId}");
        var time = page.Locator(".run-strip ff-time");
        await time.WaitForAsync();
        var queued = bench.Runtime.Sample.Run(Sample.DoneId).QueuedAt;
        var berlin = TimeZoneInfo.ConvertTime(queued, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        await Assertions.Expect(time).ToContainTextAsync(berlin.ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Contains(queued.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture), await time.GetAttributeAsync("title"));
    }

    [Fact]
    public async Task Rows_ByArrowsAndEnter_AreOpened()
    {
        var page = await bench.OpenAsync("/runs");
        var rows = page.Locator("tr[data-row]");
        for (var attempt = 0; attempt < 10 && !await IsFocusedAsync(rows.Nth(1)); attempt++)
        {
            await rows.First.FocusAsync(); // the list's first refill may come in between and take the focus along
            await page.Keyboard.PressAsync("ArrowDown");
        }
        await Assertions.Expect(rows.Nth(1)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.ArriveAsync($"/runs/{Sample.FailedId}");

        static Task<bool> IsFocusedAsync(ILocator row) => row.EvaluateAsync<bool>("e => e === document.activeElement");
    }

    [Fact]
    public async Task Shortcut_GThenC_OpensTheCatalog()
    {
        var page = await bench.OpenAsync("/");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("c");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Catalog" }).WaitForAsync();
    }

    [Fact]
    public async Task Log_ByLevelAndText_ShowsOnlyWhatFits()
    {
        var page = await bench.OpenAsync($"/runs/{Sample.DoneId}");
        await page.Locator(".log-line").First.WaitForAsync();
        await page.GetByRole(AriaRole.Group, new() { Name = "Level" }).GetByRole(AriaRole.Button, new() { Name = "Warning" }).ClickAsync();
        await page.GetByText("20 lines").WaitForAsync();
        await page.GetByLabel("Find in log").FillAsync("rejected");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("10 lines").WaitForAsync();
    }

    [Fact]
    public async Task Rejects_OfADataset_AreShownByCheck_WithoutAReplay()
    {
        var page = await bench.OpenAsync("/catalog/gold/delays_by_airport");
        var tabs = page.GetByRole(AriaRole.Navigation, new() { Name = "Views of the table" });
        await tabs.GetByRole(AriaRole.Link, new() { Name = "Lineage" }).WaitForAsync();
        await Assertions.Expect(tabs.GetByRole(AriaRole.Link, new() { Name = "Rejects" })).ToHaveCountAsync(0);

        page = await bench.OpenAsync("/catalog/silver/flights_clean");
        tabs = page.GetByRole(AriaRole.Navigation, new() { Name = "Views of the table" });
        await tabs.GetByRole(AriaRole.Link, new() { Name = "Rejects 4" }).ClickAsync();
        await page.ArriveAsync("/catalog/silver/flights_clean/rejects");
        await page.GetByRole(AriaRole.Heading, new() { Name = "4 rejects", Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Cell, new() { Name = "not_null(origin)" }).First.WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Replay…" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Fix by rule…" })).ToHaveCountAsync(0);
        foreach (var theme in new[] { "light", "dark" })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = theme == "dark" ? ColorScheme.Dark : ColorScheme.Light });
            await page.Locator($"html[data-theme={theme}]").WaitForAsync();
            if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"table-rejects-silver-{theme}.png") });
        }
        await page.GetByRole(AriaRole.Button, new() { Name = "not_null(origin) 3" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Filter rows")).ToHaveValueAsync("message = 'not_null(origin)'");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Rows of rejects of silver.flights_clean" })).ToHaveAttributeAsync("aria-busy", "false");
        Assert.Contains("filter=message = 'not_null(origin)'", Uri.UnescapeDataString(bench.Runtime.RejectQueries[^1]), StringComparison.Ordinal);
        Assert.DoesNotContain("version=", bench.Runtime.RejectQueries[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfAReason_IsPreviewedAndStartedAsConfirmed()
    {
        var page = await bench.OpenAsync("/catalog/bronze/movies/rejects");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Replay rejects" });
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay…" }).ClickAsync();
        await dialog.GetByText("None of them fits yet: change the job first.").WaitForAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Replay", Exact = true })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "release_date is not a DATE 4" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay…" }).ClickAsync();
        await dialog.GetByText("The table would change: release_date DATE → VARCHAR.").WaitForAsync();
        foreach (var dark in new[] { false, true })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
            await page.Locator($"html[data-theme={(dark ? "dark" : "light")}]").WaitForAsync();
            if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"dialog-replay-{(dark ? "dark" : "light")}.png") });
        }
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Replay", Exact = true }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"/runs/{Sample.RunningId}$"));
        Assert.Equal(["release_date is not a DATE"], Assert.Single(bench.Runtime.Replayed).Reasons!);
    }
}
