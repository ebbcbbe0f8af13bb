using System.Globalization;
using FlowForge.Browsing;
using Microsoft.Playwright;

namespace FlowForge.EndToEnd.Tests;

/// <summary>The whole way of one file, by the pages alone: dropped on the wizard, its bad rows mended and replayed, its drift approved, looked at in a notebook, promoted, scheduled, run, and traced back.</summary>
public sealed class WalkTests(RunningEnvironment environment, Chromium chromium) : IClassFixture<RunningEnvironment>
{
    private const string SalesByCustomer = "SELECT customer, count(*) AS bought, round(sum(amount), 2) AS revenue\nFROM orders\nGROUP BY customer\nORDER BY revenue DESC";

    // Three of the 403 records end before their last columns.
    private static readonly string First = "Order No,Customer,Amount,Ordered\n" + string.Concat(Enumerable.Range(1, 400).Select(i => $"{i},customer {i % 17:00},{i % 90 + 1}.50,2024-05-{i % 28 + 1:00}\n"
        + (i is 7 or 170 or 333 ? $"{400 + i},customer {i % 17:00}\n" : "")));

    // The shop has given a column another name, and has a new one.
    private static readonly string Second = "Order No,Customer Name,Amount,Ordered,Channel\n" + string.Concat(Enumerable.Range(1001, 100).Select(i => $"{i},customer {i % 17:00},{i % 90 + 1}.50,2024-06-{i % 28 + 1:00},{(i % 3 == 0 ? "web" : "shop")}\n"));

    [Fact]
    public async Task FromADroppedFileToAScheduledTable_ByThePagesAlone()
    {
        await using var viewer = await Viewer.SitDownAsync(chromium, environment);
        var page = viewer.Page;
        await page.GotoAsync(environment.LoginLink.ToString());
        await page.Locator(".topbar .pill.good").WaitForAsync();

        await DropOnTheWizardAsync(viewer);
        await MendAndReplayAsync(viewer);
        await DriftAsync(viewer);
        await NotebookAsync(viewer);
        await ScheduleAsync(viewer);
        await WatchAsync(viewer);
        await TraceAsync(viewer);
        Assert.Equal([], viewer.Complaints);
    }

    private static async Task DropOnTheWizardAsync(Viewer viewer)
    {
        var page = viewer.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Sources" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "New ingest job" }).ClickAsync();
        await DropAsync(page, "orders.csv", First);
        await page.Locator("section.wizard-body[aria-label='What to read']").WaitForAsync();
        await Assertions.Expect(page.Locator("[id='set-config-path']")).ToHaveValueAsync("upload:orders.csv");
        await page.GetByText("arrived as upload:orders.csv").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Look at the rows" }).ClickAsync();
        await Assertions.Expect(page.Locator(".wizard-equation")).ToContainTextAsync("403 read = 400 loaded + 3 rejected");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Rejects" }).ScrollIntoViewIfNeededAsync();
        await viewer.LookAsync("walk-1-dropped");

        await NextAsync(page, "Processing");
        await page.Locator("#set-error_handling").SelectOptionAsync("quarantine");
        await Assertions.Expect(page.Locator("#set-quarantine_path")).ToHaveValueAsync("quarantine/orders");
        await page.Locator("summary", new() { HasText = "when the source's columns change" }).ClickAsync();
        await page.Locator("#set-drift").SelectOptionAsync("hold");
        await NextAsync(page, "When it runs");
        await NextAsync(page, "Review");
        await page.Locator(".text-diff .added", new() { HasText = "drift: hold" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save and run" }).ClickAsync();
        await EndsAsync(page, "succeeded");
        await Assertions.Expect(page.Locator(".equation-row").First).ToContainTextAsync("adds up");
    }

    private static async Task MendAndReplayAsync(Viewer viewer)
    {
        var page = viewer.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "orders", Exact = true }).First.ClickAsync();
        await page.Locator("nav.tabs a", new() { HasText = "Rejects" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "3 open rejects" }).WaitForAsync();
        await page.Locator(".grid tbody td.text").First.WaitForAsync();
        await viewer.LookAsync("walk-2-rejects");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show row 1", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Row 1" }).GetByText("407,customer 07", new() { Exact = true }).First.WaitForAsync();
        await page.Keyboard.PressAsync("Escape");

        await page.GetByRole(AriaRole.Button, new() { Name = "Fix by rule" }).ClickAsync();
        var fix = page.GetByRole(AriaRole.Dialog, new() { Name = "Fix by rule" });
        await fix.GetByRole(AriaRole.Radio, new() { Name = "Short records have no values at their end" }).CheckAsync();
        await fix.Locator(".added", new() { HasText = "null_padding: true" }).WaitForAsync();
        await viewer.LookAsync("walk-3-fix");
        await fix.GetByRole(AriaRole.Button, new() { Name = "Store the change" }).ClickAsync();
        await fix.GetByRole(AriaRole.Button, new() { Name = "Replay…" }).ClickAsync();
        var replay = page.GetByRole(AriaRole.Dialog, new() { Name = "Replay rejects" });
        await Assertions.Expect(replay.Locator("dt:has-text('Would load') + dd")).ToHaveTextAsync("3");
        await replay.GetByRole(AriaRole.Button, new() { Name = "Replay", Exact = true }).ClickAsync();
        await EndsAsync(page, "succeeded");
    }

    private async Task DriftAsync(Viewer viewer)
    {
        var page = viewer.Page;
        await page.GotoAsync($"{environment.Workbench}sources/uploads");
        await page.Locator(".drop-zone[data-ready]").WaitForAsync();
        await page.GetByLabel("Replace files of the same name").CheckAsync();
        await page.Locator(".drop-zone[data-replace=true]").WaitForAsync();
        await DropAsync(page, "orders.csv", Second);
        await page.GetByText("arrived as upload:orders.csv").WaitForAsync();
        await RunAsync(page);
        await EndsAsync(page, "held");
        await page.GetByRole(AriaRole.Link, new() { Name = "Drift" }).First.ClickAsync();
        var hold = page.GetByRole(AriaRole.Region, new() { Name = "Held change of bronze.orders" });
        await Assertions.Expect(hold.GetByLabel("What becomes of customer_name")).ToHaveValueAsync("=customer");
        await hold.GetByText("a new column").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await viewer.LookAsync("walk-4-drift");
        await hold.GetByRole(AriaRole.Button, new() { Name = "Approve…" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Approve the change" });
        await dialog.GetByText("customer_name is customer under a new name: one column, called customer").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Approve", Exact = true }).ClickAsync();
        await page.ArrivesAtAsync("/runs/[^/]+$");
        await EndsAsync(page, "succeeded");
    }

    private async Task NotebookAsync(Viewer viewer)
    {
        var page = viewer.Page;
        await page.GotoAsync($"{environment.Workbench}catalog/bronze/orders");
        await Assertions.Expect(page.Locator(".pager")).ToContainTextAsync("503");
        await page.GetByRole(AriaRole.Button, new() { Name = "Open in notebook" }).ClickAsync();
        await page.ArrivesAtAsync("/notebooks/.+");
        await page.Locator(".pill.good", new() { HasText = "kernel · idle" }).WaitForAsync();
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+Enter");
        await Cell(page, 1).Locator(".grid tbody td").First.WaitForAsync();
        await page.Locator(".cell-between").Last.GetByRole(AriaRole.Button, new() { Name = "+ SQL" }).ClickAsync();
        await Cell(page, 2).Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.InsertTextAsync(SalesByCustomer);
        await Cell(page, 2).GetByLabel("Name of the result of cell 2").FillAsync("sales_by_customer");
        await Cell(page, 2).GetByLabel("Name of the result of cell 2").PressAsync("Tab");
        await Cell(page, 2).GetByRole(AriaRole.Button, new() { Name = "Run cell 2" }).ClickAsync();
        await Cell(page, 2).Locator(".grid tbody td").First.WaitForAsync();

        await page.Locator(".cell-between").Last.GetByRole(AriaRole.Button, new() { Name = "+ C#" }).ClickAsync();
        await Cell(page, 3).Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.InsertTextAsync("var best = sales_by_customer.First();\n$\"{best[\"customer\"]} buys the most\"");
        await page.Keyboard.PressAsync("Control+Enter");
        await Cell(page, 3).Locator(".out-text", new() { HasText = "buys the most" }).WaitForAsync();

        await Cell(page, 2).HoverAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a chart of cell 2" }).ClickAsync();
        await Cell(page, 3).GetByLabel("X", new() { Exact = true }).SelectOptionAsync("customer");
        await Cell(page, 3).GetByLabel("Y", new() { Exact = true }).SelectOptionAsync("revenue");
        await Cell(page, 3).Locator(".chart-host[data-drawn='17']").WaitForAsync();
        await page.GetByText("saved", new() { Exact = true }).WaitForAsync();
        await Cell(page, 2).ScrollIntoViewIfNeededAsync();
        await viewer.LookAsync("walk-5-notebook");

        await page.GetByRole(AriaRole.Button, new() { Name = "Promote cell 2" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Promote to a table" });
        await dialog.GetByLabel("Pipeline").FillAsync("orders");
        await Assertions.Expect(dialog.GetByLabel("Table")).ToHaveValueAsync("sales_by_customer");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Show the change" }).ClickAsync();
        await dialog.Locator(".added", new() { HasText = "sales_by_customer:" }).WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save the pipeline" }).ClickAsync();
        await page.ArrivesAtAsync("/pipelines/orders$");
    }

    private async Task ScheduleAsync(Viewer viewer)
    {
        var page = viewer.Page;
        await page.GotoAsync($"{environment.Workbench}jobs/orders/orders?step=starts");
        await page.GetByRole(AriaRole.Button, new() { Name = "Every night at two" }).ClickAsync();
        await Assertions.Expect(page.Locator("#set-cron")).ToHaveValueAsync("0 2 * * *");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).First.ClickAsync();
        await page.Locator(".text-diff .added", new() { HasText = "0 2 * * *" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await page.ArrivesAtAsync("/pipelines/orders$");
        await page.Locator(".page-head .chip", new() { HasText = "0 2 * * *" }).WaitForAsync();
        await page.Locator(".node").First.WaitForAsync();
        await viewer.LookAsync("walk-6-scheduled");
    }

    private async Task WatchAsync(Viewer viewer)
    {
        var page = viewer.Page;
        await RunAsync(page);
        // Nobody touches the page: jobs come, go on and end in it.
        await page.Locator(".node").First.WaitForAsync();
        await EndsAsync(page, "succeeded");
        await Assertions.Expect(page.Locator(".node.succeeded")).ToHaveCountAsync(2);
        await page.Locator(".log-line").First.WaitForAsync();
        await viewer.LookAsync("walk-7-run");
    }

    private async Task TraceAsync(Viewer viewer)
    {
        var page = viewer.Page;
        await page.GotoAsync($"{environment.Workbench}catalog/gold/sales_by_customer");
        await Assertions.Expect(page.Locator(".pager")).ToContainTextAsync("17");
        await page.Locator("nav.tabs a", new() { HasText = "Lineage" }).ClickAsync();
        await page.Locator(".node.selected").WaitForAsync();
        await page.Locator(".node", new() { HasText = "orders" }).First.WaitForAsync();
        await page.GetByLabel("Column to follow").SelectOptionAsync("revenue");
        await page.GetByText("bronze.orders.amount", new() { Exact = false }).First.WaitForAsync();
        await viewer.LookAsync("walk-8-lineage");
    }

    private async Task RunAsync(IPage page)
    {
        await page.GotoAsync($"{environment.Workbench}pipelines/orders");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await page.ArrivesAtAsync("/runs/[^/]+$");
    }

    private static async Task EndsAsync(IPage page, string state)
    {
        await page.ArrivesAtAsync("/runs/[^/]+$");
        await page.Locator(string.Create(CultureInfo.InvariantCulture, $".page-head .state.{state}")).WaitForAsync(new() { Timeout = 120_000 });
    }

    /// <summary>As a person drags a file from the desktop.</summary>
    private static async Task DropAsync(IPage page, string name, string text)
    {
        var zone = page.Locator(".drop-zone[data-ready]");
        await zone.WaitForAsync();
        await zone.EvaluateAsync("""
            (zone, [name, text]) => {
              const data = new DataTransfer();
              data.items.add(new File([text], name, { type: "text/csv" }));
              zone.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
            }
            """, new[] { name, text });
    }

    private static async Task NextAsync(IPage page, string to)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
        await page.Locator($"section.wizard-body[aria-label='{to}']").WaitForAsync();
    }

    private static ILocator Cell(IPage page, int number) => page.Locator("[data-cell]").Nth(number - 1);
}
