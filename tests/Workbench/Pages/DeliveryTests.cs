using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Deliveries where a person looks for them: graph, plan, run, the pipeline's list, and the page of the delivered table.</summary>
public sealed class DeliveryTests(Bench bench) : IClassFixture<Bench>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deliveries_OfAPipeline_SayWhatIsThereAndWhatIsPending(bool dark)
    {
        var page = await bench.OpenAsync("/pipelines/crm_sync", dark);
        // The graph has them behind their table, with what the last run did.
        await page.Locator(".node", new() { HasText = "12 rows" }).WaitForAsync();
        await Assertions.Expect(page.Locator(".node", new() { HasText = "FF2306" })).ToContainTextAsync("partner");
        await ShotAsync(page, $"delivery-graph-{(dark ? "dark" : "light")}.png");
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Views of the pipeline" }).GetByRole(AriaRole.Link, new() { Name = "Deliveries" }).ClickAsync();
        Task IsAsync(string name, params string[] texts) => Task.WhenAll(texts.Select(t => Assertions.Expect(page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByText(name, new() { Exact = true }) })).ToContainTextAsync(t)));
        await IsAsync("crm", "gold.delays_by_airport", "crm_db reporting.delays", "merge", "version 4", "305", "up to date");
        await IsAsync("partner", "exports/delays.csv.gz", "replace", "version 2", "301", "2 versions pending");
        await IsAsync("archive", "file archive/flights", "append", "nothing yet", "5 versions pending");
        await IsAsync("later", "no table yet");
        await ShotAsync(page, $"deliveries-{(dark ? "dark" : "light")}.png");
        Assert.Empty(bench.ComplaintsOf(page));

        // From the list to the job of the run that delivered it.
        await page.GetByTitle("run_crm").ClickAsync();
        var panel = page.GetByRole(AriaRole.Region, new() { Name = "Job delivery.crm" });
        await Assertions.Expect(panel).ToContainTextAsync("12 of 12 rows");
        await Assertions.Expect(panel).ToContainTextAsync("changes: 12 rows of gold.delays_by_airport version 4 → crm_db reporting.delays");
        await ShotAsync(page, $"delivery-run-{(dark ? "dark" : "light")}.png");
    }

    [Fact]
    public async Task Deliveries_Plan_Table_AndNone()
    {
        var page = await bench.OpenAsync("/pipelines/crm_sync/plan");
        await Assertions.Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "to partner exports/delays.csv.gz" })).ToContainTextAsync("a delivery");
        page = await bench.OpenAsync("/catalog/gold/delays_by_airport/lineage");
        await page.GetByRole(AriaRole.Link, new() { Name = "crm_sync · crm" }).WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "crm_sync · partner" })).ToContainTextAsync("2 versions pending");
        await ShotAsync(page, "delivery-table.png");
        await page.GetByRole(AriaRole.Link, new() { Name = "crm_sync · crm" }).ClickAsync();
        await page.ArriveAsync("/pipelines/crm_sync/deliveries");
        page = await bench.OpenAsync("/pipelines/flights/deliveries");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Nothing is delivered" }).WaitForAsync();
        await ShotAsync(page, "deliveries-none.png");
    }

    private static async Task ShotAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name) });
    }
}
