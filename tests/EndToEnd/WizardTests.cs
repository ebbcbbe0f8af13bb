using FlowForge.Browsing;
using Microsoft.Playwright;

namespace FlowForge.EndToEnd.Tests;

/// <summary>A CSV with bad rows becomes a table by the wizard alone, and the job is edited by it without losing what people wrote.</summary>
public sealed class WizardTests(RunningEnvironment environment, Chromium chromium) : IClassFixture<RunningEnvironment>
{
    [Fact]
    public async Task FromACsvToATable_ByTheWizard()
    {
        await using var viewer = await Viewer.SitDownAsync(chromium, environment);
        var page = viewer.Page;
        Directory.CreateDirectory(Path.Combine(environment.Workspace, "drop"));
        await File.WriteAllTextAsync(Path.Combine(environment.Workspace, "drop", "orders.csv"),
            "Order No;Customer;Amount;Ordered\n" + string.Concat(Enumerable.Range(1, 400).Select(i => $"{i};customer {i % 17};{(i == 7 ? "twelve" : $"{i}.50")};2024-05-{i % 28 + 1:00}\n")) + "401;too short\n", TestContext.Current.CancellationToken);
        await page.GotoAsync(environment.LoginLink.ToString());
        await page.Locator(".topbar .pill.good").WaitForAsync();

        await page.GotoAsync($"{environment.Workbench}jobs/new");
        await page.GetByLabel("Pipeline").FillAsync("till");
        await page.GetByLabel("Pipeline").PressAsync("Tab");
        await page.GetByText("A new pipeline is made.").WaitForAsync();
        await page.GetByLabel("Description").FillAsync("What the till sends");
        await page.GetByLabel("Job", new() { Exact = true }).FillAsync("orders");
        await NextAsync(page, "Source");

        await page.GetByRole(AriaRole.Radio, new() { Name = "Local files" }).ClickAsync();
        await page.GetByText("Local files needs no connection: the job says all.").WaitForAsync();
        await viewer.LookAsync("wizard-source");
        await NextAsync(page, "What to read");
        // Nothing to read yet: it is told at the field, and the step is not left.
        await NextAsync(page, "What to read");
        await page.Locator(".setting", new() { Has = page.Locator("[id='set-config-path']") }).GetByRole(AriaRole.Alert).WaitForAsync();
        await page.GetByText("Files of the workspace").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "drop/orders.csv" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Read this" }).ClickAsync();
        await Assertions.Expect(page.Locator("[id='set-config-path']")).ToHaveValueAsync("drop/orders.csv");
        await page.GetByRole(AriaRole.Button, new() { Name = "Look at the rows" }).ClickAsync();
        await page.Locator(".wizard-equation").WaitForAsync();
        await viewer.LookAsync("wizard-read");

        // The types that were seen become a contract; what does not fit is set aside.
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep these types" }).ClickAsync();
        await page.GetByLabel("Type of column 3").FillAsync("DECIMAL(18,2)");
        await page.GetByLabel("Type of column 3").PressAsync("Tab");
        await page.Locator("#set-error_handling").SelectOptionAsync("quarantine");
        await Assertions.Expect(page.Locator("#set-quarantine_path")).ToHaveValueAsync("quarantine/orders");
        await page.Locator("#set-quarantine_path").FillAsync("");
        await page.Locator("#set-quarantine_path").PressAsync("Tab");
        await page.GetByText("error_handling: quarantine needs quarantine_path.", new() { Exact = false }).First.WaitForAsync();
        await page.Locator("#set-quarantine_path").FillAsync("quarantine/orders");
        await page.Locator("#set-quarantine_path").PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Look again" }).ClickAsync();
        await Assertions.Expect(page.Locator(".wizard-equation")).ToContainTextAsync("2 rejected");
        await viewer.LookAsync("wizard-process");
        await NextAsync(page, "When it runs");
        await page.GetByRole(AriaRole.Button, new() { Name = "Every night at two" }).ClickAsync();
        // Back and forth loses nothing.
        await page.GetByRole(AriaRole.Button, new() { Name = "Basics" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Description")).ToHaveValueAsync("What the till sends");
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).First.ClickAsync();
        await page.Locator(".text-diff .added", new() { HasText = "quarantine_path: quarantine/orders" }).WaitForAsync();
        await page.Locator(".text-diff .added", new() { HasText = "0 2 * * *" }).WaitForAsync();
        await viewer.LookAsync("wizard-review");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save and run" }).ClickAsync();
        await page.ArrivesAtAsync("/runs/[^/]+$");
        await page.Locator(".page-head .state.succeeded").WaitForAsync(new() { Timeout = 120_000 });
        await Assertions.Expect(page.Locator(".equation-row").First).ToContainTextAsync("399");

        // Leaving with changes asks; what is stored then is the change alone.
        await page.GotoAsync($"{environment.Workbench}jobs/till/orders");
        await page.GetByRole(AriaRole.Button, new() { Name = "Processing" }).ClickAsync();
        await page.Locator("#set-max_rejects").FillAsync("5%");
        await page.Locator("#set-max_rejects").PressAsync("Tab");
        await page.GetByRole(AriaRole.Link, new() { Name = "Catalog" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Dialog, new() { Name = "Leave without saving?" }).GetByRole(AriaRole.Button, new() { Name = "Stay here" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Review" }).First.ClickAsync();
        await page.Locator(".text-diff .added").First.WaitForAsync();
        Assert.Equal(["+ added: max_rejects: '5%'"], (await page.Locator(".text-diff .added, .text-diff .removed").AllInnerTextsAsync()).Select(t => string.Join(' ', t.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await page.ArrivesAtAsync("/pipelines/till$");
        await page.GetByText("version 2").First.WaitForAsync();
        Assert.Equal([], viewer.Complaints);
    }

    private static async Task NextAsync(IPage page, string to)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
        await page.Locator($"section.wizard-body[aria-label='{to}']").WaitForAsync();
    }
}
