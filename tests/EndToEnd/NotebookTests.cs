using System.Diagnostics;
using FlowForge.Browsing;
using Microsoft.Playwright;

namespace FlowForge.EndToEnd.Tests;

/// <summary>From a table to a notebook of SQL, C# and a chart, and from there to a new gold table, on the demo.</summary>
public sealed class NotebookTests(RunningEnvironment environment, Chromium chromium) : IClassFixture<RunningEnvironment>
{
    private const string LateAirports = "SELECT origin, count(*) AS flights, round(avg(delay), 1) AS mean_delay\nFROM flights_clean\nGROUP BY origin\nORDER BY flights DESC\nLIMIT 20";

    [Fact]
    public async Task FromATableToGold_ByANotebook()
    {
        await using var viewer = await Viewer.SitDownAsync(chromium, environment);
        var page = viewer.Page;
        await page.GotoAsync(environment.LoginLink.ToString());
        await page.Locator(".topbar .pill.good").WaitForAsync();
        await RunAsync(page, "flights");

        // The first cell is made by the table's page; its kernel stands ready.
        await page.GotoAsync($"{environment.Workbench}catalog/silver/flights_clean");
        await page.GetByRole(AriaRole.Button, new() { Name = "Open in notebook" }).ClickAsync();
        await page.ArrivesAtAsync("/notebooks/.+");
        await page.Locator(".pill.good", new() { HasText = "kernel · idle" }).WaitForAsync();
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        var watch = Stopwatch.StartNew();
        await page.Keyboard.PressAsync("Control+Enter");
        await Cell(page, 1).Locator(".grid tbody td").First.WaitForAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"first rows of silver.flights_clean {watch.ElapsedMilliseconds} ms after the key; the cell says {await Cell(page, 1).Locator(".cell-time").InnerTextAsync()}");

        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("b");
        await page.Keyboard.PressAsync("Enter");
        await Cell(page, 2).Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.InsertTextAsync(LateAirports);
        await Cell(page, 2).GetByLabel("Name of the result of cell 2").FillAsync("busy_airports");
        await Cell(page, 2).GetByLabel("Name of the result of cell 2").PressAsync("Tab");
        await Cell(page, 2).GetByRole(AriaRole.Button, new() { Name = "Run cell 2" }).ClickAsync();
        await Cell(page, 2).Locator(".grid tbody td").First.WaitForAsync();
        await Cell(page, 2).GetByRole(AriaRole.Button, new() { Name = "Profile" }).ClickAsync();
        await Cell(page, 2).Locator(".strip").First.WaitForAsync();

        await page.Locator(".cell-between").Last.GetByRole(AriaRole.Button, new() { Name = "+ C#" }).ClickAsync();
        await Cell(page, 3).Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.InsertTextAsync("var worst = busy_airports.OrderByDescending(r => r.Get<double>(\"mean_delay\")).First();\n$\"{worst[\"origin\"]} is the latest of the busy ones\"");
        await page.Keyboard.PressAsync("Control+Enter");
        await Cell(page, 3).Locator(".out-text", new() { HasText = "is the latest of the busy ones" }).WaitForAsync();

        await Cell(page, 2).HoverAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a chart of cell 2" }).ClickAsync();
        var chart = Cell(page, 3);
        await chart.GetByLabel("X", new() { Exact = true }).SelectOptionAsync("origin");
        await chart.GetByLabel("Y", new() { Exact = true }).SelectOptionAsync("mean_delay");
        await chart.Locator(".chart-host[data-drawn='20']").WaitForAsync();
        await page.GetByText("saved", new() { Exact = true }).WaitForAsync();
        await Cell(page, 2).ScrollIntoViewIfNeededAsync();
        await viewer.LookAsync("notebook");

        await page.GetByRole(AriaRole.Button, new() { Name = "Promote cell 2" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Promote to a table" });
        await dialog.GetByLabel("Pipeline").FillAsync("flights");
        await Assertions.Expect(dialog.GetByLabel("Table")).ToHaveValueAsync("busy_airports");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Show the change" }).ClickAsync();
        await dialog.Locator(".added", new() { HasText = "busy_airports:" }).WaitForAsync();
        await viewer.LookAsync("notebook-promote");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save the pipeline" }).ClickAsync();
        await page.ArrivesAtAsync("/pipelines/flights$");
        await RunAsync(page, "flights");
        await page.GotoAsync($"{environment.Workbench}catalog/gold/busy_airports");
        await page.Locator(".grid tbody td:not(.grid-number)").First.WaitForAsync();
        await Assertions.Expect(page.Locator(".pager")).ToContainTextAsync("20");

        await page.GotoAsync($"{environment.Workbench}notebooks");
        await page.GetByRole(AriaRole.Link, new() { Name = "silver.flights_clean", Exact = true }).WaitForAsync();
        await viewer.LookAsync("notebooks");

        // The whole notebook as a job: run with the pipeline, and looked at as the run executed it.
        await page.GotoAsync($"{environment.Workbench}notebooks");
        await page.GetByRole(AriaRole.Link, new() { Name = "silver.flights_clean", Exact = true }).ClickAsync();
        await Cell(page, 1).WaitForAsync();
        await page.Locator(".menu summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Promote the notebook" }).ClickAsync();
        var whole = page.GetByRole(AriaRole.Dialog, new() { Name = "Promote the notebook" });
        await whole.GetByLabel("Pipeline", new() { Exact = true }).FillAsync("flights");
        await whole.GetByLabel("Becomes").SelectOptionAsync("job");
        await whole.GetByLabel("Name", new() { Exact = true }).FillAsync("look");
        await whole.GetByRole(AriaRole.Button, new() { Name = "Show the change" }).ClickAsync();
        await whole.Locator(".added", new() { HasText = "look:" }).WaitForAsync();
        await viewer.LookAsync("notebook-promote-whole");
        await whole.GetByRole(AriaRole.Button, new() { Name = "Save the pipeline" }).ClickAsync();
        await page.ArrivesAtAsync("/pipelines/flights$");
        await RunAsync(page, "flights");
        await page.GotoAsync(page.Url + "?job=notebook.look");
        await page.GetByRole(AriaRole.Link, new() { Name = "as this run executed it" }).ClickAsync();
        await page.Locator(".page-head .pill.good", new() { HasText = "succeeded" }).WaitForAsync();
        await page.Locator(".out-text", new() { HasText = "is the latest of the busy ones" }).WaitForAsync();
        await viewer.LookAsync("notebook-executed");
        Assert.Equal([], viewer.Complaints);
    }

    private async Task RunAsync(IPage page, string pipeline)
    {
        await page.GotoAsync($"{environment.Workbench}pipelines/{pipeline}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await page.ArrivesAtAsync("/runs/[^/]+$");
        await page.Locator(".page-head .state.succeeded").WaitForAsync(new() { Timeout = 300_000 });
    }

    private static ILocator Cell(IPage page, int number) => page.Locator("[data-cell]").Nth(number - 1);
}
