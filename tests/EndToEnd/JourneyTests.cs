using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using FlowForge.Browsing;
using Microsoft.Playwright;

namespace FlowForge.EndToEnd.Tests;

/// <summary>The main job as a person does it: link, run, watch, look at gold, edit. Nothing is faked and nothing is called but the pages.</summary>
public sealed partial class JourneyTests(RunningEnvironment environment, Chromium chromium) : IClassFixture<RunningEnvironment>
{
    [Fact]
    public async Task FromTheLinkToGold_OnTheDemo()
    {
        await using var viewer = await Viewer.SitDownAsync(chromium, environment);
        var page = viewer.Page;

        await page.GotoAsync(environment.LoginLink.ToString());
        await page.Locator(".topbar .pill.good").WaitForAsync();
        Assert.Equal(environment.Workbench.ToString(), page.Url);

        await page.GetByRole(AriaRole.Link, new() { Name = "Pipelines", Exact = false }).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "flights", Exact = true }).ClickAsync();
        await page.Locator(".node").First.WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await page.ArrivesAtAsync("/runs/[^/]+$");

        // Watched live: the page is never reloaded, and it shows the run in its course.
        await page.Locator(".node.running").First.WaitForAsync();
        await viewer.LookAsync("run-live");
        await page.Locator(".page-head .state.succeeded").WaitForAsync(new() { Timeout = 240_000 });
        await Assertions.Expect(page.Locator(".node.succeeded")).ToHaveCountAsync(await page.Locator(".node").CountAsync());
        await page.Locator(".equation-row").First.WaitForAsync();
        foreach (var equation in await page.Locator(".equation-row").AllAsync())
            await AssertBalancedAsync(equation);
        await page.Locator(".log-line").First.WaitForAsync();
        await viewer.LookAsync("run");

        await page.Locator(".node.ingest").First.ClickAsync();
        await page.Locator(".job-panel").WaitForAsync();
        await viewer.LookAsync("run-job");

        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await page.Locator(".layer-table").Nth(2).WaitForAsync();
        await viewer.LookAsync("catalog");
        await page.Locator("section[aria-label=Gold] tbody a.main").First.ClickAsync();
        await page.Locator(".grid tbody td:not(.grid-number)").First.WaitForAsync();
        await AssertSortsAsync(page);
        await viewer.LookAsync("table");
        await page.GetByRole(AriaRole.Link, new() { Name = "Lineage" }).ClickAsync();
        await page.Locator(".node.selected").WaitForAsync();
        await viewer.LookAsync("lineage");
        await page.GetByRole(AriaRole.Link, new() { Name = "Versions" }).ClickAsync();
        await page.GetByText("shown", new() { Exact = true }).WaitForAsync();

        await page.GotoAsync($"{environment.Workbench}pipelines/flights/yaml");
        await BreakTheYamlAsync(viewer);

        await page.GotoAsync(environment.Workbench.ToString());
        await page.Locator(".figure .spark").First.WaitForAsync();
        await viewer.LookAsync("overview");
        foreach (var (path, settled, name) in new[] { ("pipelines", ".state-bars .succeeded", "pipelines"), ("pipelines/flights", ".node.succeeded", "pipeline"), ("runs", "tr[data-row]", "runs"), ("system", ".facts", "system") })
        {
            await page.GotoAsync($"{environment.Workbench}{path}");
            await page.Locator(settled).First.WaitForAsync();
            await viewer.LookAsync(name);
        }
        Assert.Equal([], viewer.Complaints);
    }

    [Fact]
    public async Task Movies_EndWithRejectsThatOneCanRead()
    {
        await using var viewer = await Viewer.SitDownAsync(chromium, environment);
        var page = viewer.Page;
        await page.GotoAsync($"{environment.Workbench}pipelines/movies");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Log in to the workbench" }).WaitForAsync();
        await viewer.LookAsync("login");
        await page.GotoAsync(environment.LoginLink.ToString());
        await page.Locator(".topbar .pill.good").WaitForAsync();
        await page.GotoAsync($"{environment.Workbench}pipelines/movies");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await page.ArrivesAtAsync("/runs/[^/]+$");
        await page.Locator(".page-head .state.succeeded").WaitForAsync(new() { Timeout = 120_000 });
        await AssertBalancedAsync(page.Locator(".equation-row").First);
        await page.GotoAsync($"{environment.Workbench}catalog/bronze/movies/rejects");
        await page.Locator(".reason-bar").First.WaitForAsync();
        await page.Locator(".grid tbody td.text").First.WaitForAsync();
        await viewer.LookAsync("rejects");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show row 1", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Row 1" }).GetByText("raw", new() { Exact = true }).WaitForAsync();
        await viewer.LookAsync("reject-row");
        Assert.Equal([], viewer.Complaints);
    }

    [Fact]
    public async Task Runtime_KilledBehindAnOpenPage_IsStartedAgainAndThePageGoesOn()
    {
        await using var viewer = await Viewer.SitDownAsync(chromium, environment);
        var page = viewer.Page;
        await page.GotoAsync(environment.LoginLink.ToString());
        await page.Locator(".topbar .pill.good").WaitForAsync();
        await page.GotoAsync($"{environment.Workbench}system");
        var process = page.Locator("dt:has-text('Process') + dd");
        await process.WaitForAsync();
        var killed = await process.InnerTextAsync();
        using (var runtime = Process.GetProcessById(int.Parse(killed, CultureInfo.InvariantCulture)))
            runtime.Kill();
        // Nobody touches the page: it finds the new process by itself.
        await Assertions.Expect(process).Not.ToHaveTextAsync(killed, new() { Timeout = 60_000 });
        await page.Locator(".topbar .pill.good").WaitForAsync(new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Link, new() { Name = "Runs" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Runs", Exact = true }).WaitForAsync();
        Assert.Equal([], viewer.Complaints);
    }

    /// <summary>read = loaded + rejected + deduplicated + filtered, from the figures as they are drawn.</summary>
    private static async Task AssertBalancedAsync(ILocator equation)
    {
        var terms = (await equation.Locator(".term b").AllInnerTextsAsync()).Select(t => long.Parse(t, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(5, terms.Length);
        Assert.True(terms[0] > 0, "nothing was read");
        Assert.Equal(terms[0], terms[1..].Sum());
        await Assertions.Expect(equation.GetByText("adds up")).ToBeVisibleAsync();
    }

    private static async Task AssertSortsAsync(IPage page)
    {
        // The runtime sorts: after the second click the first value of that column is its greatest.
        var head = page.Locator(".grid th.number button").First;
        await head.ClickAsync();
        await page.Locator("th[aria-sort=ascending]").WaitForAsync();
        await page.Locator(".grid-box:not(.busy)").WaitForAsync();
        var low = await FirstNumberAsync(page);
        await head.ClickAsync();
        await page.Locator("th[aria-sort=descending]").WaitForAsync();
        await page.Locator(".grid-box:not(.busy)").WaitForAsync();
        Assert.True(await FirstNumberAsync(page) >= low);
    }

    private static async Task<double> FirstNumberAsync(IPage page)
    {
        var texts = await page.Locator(".grid tbody tr").First.Locator("td.number").AllInnerTextsAsync();
        return double.Parse(texts[0], CultureInfo.InvariantCulture);
    }

    private static async Task BreakTheYamlAsync(Viewer viewer)
    {
        var page = viewer.Page;
        var line = page.Locator(".view-line", new() { HasTextRegex = SourceType() }).First;
        await line.WaitForAsync();
        await page.Locator(".yaml .pill.good").WaitForAsync();
        await viewer.LookAsync("yaml");
        await line.ClickAsync(new() { Position = new() { X = 60, Y = 8 } });
        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.TypeAsync("x");
        await page.Locator(".squiggly-error").First.WaitForAsync();
        var current = await page.Locator(".line-numbers.active-line-number").First.InnerTextAsync();
        var finding = page.Locator(".findings .error", new() { HasText = "xsource_type" });
        await Assertions.Expect(finding.Locator(".where")).ToHaveTextAsync($"line {current}");
        var squiggle = await page.Locator(".squiggly-error").Last.BoundingBoxAsync();
        var box = await page.Locator(".view-line", new() { HasText = "xsource_type" }).BoundingBoxAsync();
        Assert.InRange(squiggle!.Y, box!.Y - 2, box.Y + box.Height);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Save" })).ToBeDisabledAsync();
        await viewer.LookAsync("yaml-broken");
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo changes" }).ClickAsync();
        await Assertions.Expect(page.Locator(".squiggly-error")).ToHaveCountAsync(0);
    }

    [GeneratedRegex("source_type:")]
    private static partial Regex SourceType();
}
