using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Workflows and schedules: find, read, act.</summary>
public sealed class TemporalTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Workflows_StatusAndPages_NarrowAndTurn()
    {
        var page = await bench.OpenAsync("/temporal");
        var status = page.GetByRole(AriaRole.Group, new() { Name = "Status" });
        await status.GetByRole(AriaRole.Button, new() { Name = "All 137" }).WaitForAsync();
        await page.GetByText("1–50 of 137").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Next page" }).ClickAsync();
        await page.GetByText("51–100 of 137").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Next page" }).ClickAsync();
        await page.GetByText("101–137 of 137").WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Next page" })).ToBeDisabledAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "First page" }).ClickAsync();
        await page.GetByText("1–50 of 137").WaitForAsync();
        await status.GetByRole(AriaRole.Button, new() { Name = "Timed out 1" }).ClickAsync();
        await page.GetByText("1–1 of 1").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "orders-2026-11-20T02:00:00Z" }).WaitForAsync();
        Assert.EndsWith("/temporal?state=timedout", page.Url);
    }

    [Fact]
    public async Task Workflows_BadQuery_MarksItsPlaceAndMends()
    {
        var page = await bench.OpenAsync("/temporal");
        await page.GetByLabel("Query").FillAsync("WorkflowType = 'orders' AND Colour = 'red'");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Invalid query: column name 'Colour' is not a valid search attribute.").WaitForAsync();
        await Assertions.Expect(page.Locator(".query-fault mark")).ToHaveTextAsync("Colour = 'red'");
        await Assertions.Expect(page.GetByLabel("Query")).ToHaveAttributeAsync("aria-invalid", "true");
        await Screen(page, "workflows-bad-query");
        await page.GetByLabel("Query").FillAsync("WorkflowType = 'orders'");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("1–4 of 4").WaitForAsync();
        await Assertions.Expect(page.Locator(".query-fault")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Workflows_OtherNamespace_IsAskedFor()
    {
        var page = await bench.OpenAsync("/temporal");
        await page.GetByLabel("Namespace").SelectOptionAsync("reports");
        await page.GetByRole(AriaRole.Heading, new() { Name = "No workflows yet" }).WaitForAsync();
        Assert.EndsWith("/temporal?namespace=reports", page.Url);
    }

    [Fact]
    public async Task Workflow_Open_ShowsWhatItWaitsForAndItsHistory()
    {
        var page = await bench.OpenAsync("/runs/" + Sample.RunningId);
        await page.GetByRole(AriaRole.Link, new() { Name = "Workflow", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = Sample.OpenWorkflow }).WaitForAsync();
        var pending = page.GetByRole(AriaRole.Region, new() { Name = "Pending" });
        await Assertions.Expect(pending).ToContainTextAsync("FF2004: https://api.example/weather answered 503");
        await Assertions.Expect(pending).ToContainTextAsync("3 of 5");
        await Assertions.Expect(pending).ToContainTextAsync("1204331");
        await Assertions.Expect(pending).ToContainTextAsync("Timer patience");
        await Assertions.Expect(pending).ToContainTextAsync("backfill/flights/2001");

        var history = page.GetByRole(AriaRole.Region, new() { Name = "History" });
        await history.GetByText("100 of 170 events").WaitForAsync();
        await history.GetByText("Workflow execution started").ClickAsync();
        await Assertions.Expect(history.Locator(".json").First).ToContainTextAsync("\"run\": \"run_8f20\"");
        await history.GetByRole(AriaRole.Button, new() { Name = "Show more" }).ClickAsync();
        await history.GetByText("170 of 170 events").WaitForAsync();
        await history.GetByRole(AriaRole.Button, new() { Name = "Newest first" }).ClickAsync();
        await Assertions.Expect(history.Locator(".events li").First).ToContainTextAsync("Activity task completed");
        await history.GetByRole(AriaRole.Button, new() { Name = "Oldest first" }).ClickAsync();
        await history.GetByLabel("Workflow tasks").UncheckAsync();
        await Assertions.Expect(history.GetByText("Workflow task started")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Workflow_SignalAndQuery_TakeJsonAndSayWhatIsWrongWithIt()
    {
        var page = await OpenWorkflowAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Signal" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name of the signal").FillAsync("pause");
        await dialog.GetByLabel("Argument").FillAsync("{ \"jobs\": [1, }");
        await dialog.GetByText("This is no JSON: line 1, character ").WaitForAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Send signal" })).ToBeDisabledAsync();
        await Screen(page, "workflow-signal");
        await dialog.GetByLabel("Argument").FillAsync("{ \"jobs\": [1] }");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Send signal" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Contains(bench.Runtime.Acts, a => a.StartsWith("signal ", StringComparison.Ordinal) && a.Contains("\"name\":\"pause\"", StringComparison.Ordinal) && a.Contains("\"jobs\"", StringComparison.Ordinal));

        await page.GetByRole(AriaRole.Button, new() { Name = "Query" }).ClickAsync();
        await dialog.GetByLabel("Argument").FillAsync("");
        await dialog.GetByLabel("Name of the query").FillAsync("weather");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
        await dialog.GetByText("Query 'weather' is not known.").WaitForAsync();
        await dialog.GetByLabel("Name of the query").FillAsync("progress");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Ask" }).ClickAsync();
        await Assertions.Expect(dialog.GetByLabel("Answer")).ToContainTextAsync("0.41");
    }

    [Fact]
    public async Task Workflow_TerminateAndReset_OnlyAfterConfirmation()
    {
        var page = await OpenWorkflowAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await page.GetByRole(AriaRole.Button, new() { Name = "Terminate" }).ClickAsync();
        await dialog.GetByText("It ends at once and is not asked.").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Leave it" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.DoesNotContain(bench.Runtime.Acts, a => a.StartsWith("terminate", StringComparison.Ordinal));
        await page.GetByRole(AriaRole.Button, new() { Name = "Terminate" }).ClickAsync();
        await dialog.GetByLabel("Reason, for the history").FillAsync("no longer needed");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Terminate" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.Contains(bench.Runtime.Acts, a => a.StartsWith("terminate", StringComparison.Ordinal) && a.Contains("no longer needed", StringComparison.Ordinal));

        await page.GetByRole(AriaRole.Button, new() { Name = "Reset" }).ClickAsync();
        await Assertions.Expect(dialog.GetByLabel("Decide again from")).ToHaveValueAsync("4");
        await Screen(page, "workflow-reset");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Reset" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync($"{bench.Workbench.Url}temporal/workflow?id=run%2Frun_8f20&run=new-run");
        Assert.Contains(bench.Runtime.Acts, a => a.StartsWith("reset", StringComparison.Ordinal) && a.Contains("\"eventId\":4", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Schedule_PauseBackfillDelete_OnlyAfterConfirmation()
    {
        var page = await bench.OpenAsync("/temporal/schedules");
        await page.GetByRole(AriaRole.Link, new() { Name = Sample.NightlySchedule }).ClickAsync();
        await page.GetByText("At 02:00 every day (Europe/Berlin)").WaitForAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await dialog.GetByLabel("Note, for those who look later").FillAsync("holiday");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.GetByRole(AriaRole.Button, new() { Name = "Backfill" }).ClickAsync();
        await dialog.GetByLabel("From (UTC)").FillAsync("2026-01-01T00:00");
        await dialog.GetByLabel("To (UTC)").FillAsync("2026-01-08T00:00");
        await dialog.GetByLabel("If the start before still runs").SelectOptionAsync("allow_all");
        await Screen(page, "schedule-backfill");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await dialog.GetByText("cannot be brought back").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync($"{bench.Workbench.Url}temporal/schedules");
        Assert.Equal(["pause", "backfill", "delete"], bench.Runtime.Acts.Select(a => a.Split(' ')[0]).Where(a => a is "pause" or "backfill" or "delete"));
        Assert.Equal("""backfill {"schedule":{"id":"pipeline/flights"},"from":"2026-01-01T00:00:00+00:00","to":"2026-01-08T00:00:00+00:00","overlap":"allow_all"}""", bench.Runtime.Acts.Single(a => a.StartsWith("backfill", StringComparison.Ordinal)));
    }

    private async Task<IPage> OpenWorkflowAsync()
    {
        var page = await bench.OpenAsync("/temporal/workflow?id=run%2Frun_8f20");
        await page.Locator(".events li").First.WaitForAsync();
        return page;
    }

    private static async Task Screen(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }
}
