using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Empty, waiting and failing: designed, not accidents.</summary>
public sealed class StateTests(Bench bench) : IClassFixture<Bench>, IAsyncLifetime
{
    public ValueTask InitializeAsync()
    {
        if (bench.Runtime is not null)
            (bench.Runtime.Sample, bench.Runtime.Failing, bench.Runtime.Gate) = (Sample.Full(), null, null);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        bench.Runtime?.Gate?.TrySetResult();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("/", "Nothing to run yet")]
    [InlineData("/pipelines", "No pipelines yet")]
    [InlineData("/runs", "No runs yet")]
    [InlineData("/runs?state=failed", "No run fits these filters")]
    [InlineData("/catalog", "The lake is empty")]
    [InlineData("/catalog?search=zzz", "No table fits")]
    [InlineData("/catalog/platinum/x", "There is no such layer")]
    [InlineData("/temporal", "No workflows yet")]
    [InlineData("/temporal?state=failed", "No workflow fits")]
    [InlineData("/temporal/schedules", "No schedules yet")]
    [InlineData("/nowhere", "There is no such page")]
    [InlineData("/help/FF9999", "There is no such code")]
    public async Task Page_WithNothingToShow_SaysSoAndWhatToDo(string path, string title)
    {
        var page = await bench.OpenAsync("/system");
        bench.Runtime.Sample = Sample.Empty();
        await page.GotoAsync($"{bench.Workbench.Url}{path[1..]}");
        await page.GetByRole(AriaRole.Heading, new() { Name = title }).WaitForAsync();
        await Picture(page, "empty" + path.Replace('/', '-').Replace('?', '-'));
    }

    [Fact]
    public async Task Page_WhileTheRuntimeThinks_ShowsItsSkeletonThenItsContentAtTheSamePlace()
    {
        var page = await bench.OpenAsync("/system");
        bench.Runtime.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.GotoAsync(bench.Workbench.Url.ToString());
        await page.Locator(".figure .skeleton").First.WaitForAsync();
        var before = await TopAsync(page);
        await Picture(page, "waiting-overview");
        bench.Runtime.Gate.SetResult();
        await page.Locator(".spark path").First.WaitForAsync();
        Assert.Equal(before, await TopAsync(page));
    }

    [Fact]
    public async Task Page_WhenTheRuntimeRefuses_ShowsTheProblemAndItsRemedyAndTriesAgain()
    {
        var page = await bench.OpenAsync("/system");
        bench.Runtime.Failing = new Problem { Status = 500, Title = "Catalog is locked", Detail = "The file catalog.db is in use by process 4711.", Suggestion = "End that process." };
        await page.GotoAsync($"{bench.Workbench.Url}pipelines");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Catalog is locked" }).WaitForAsync();
        await page.GetByText("The file catalog.db is in use by process 4711.").WaitForAsync();
        await page.GetByText("End that process.").WaitForAsync();
        await Picture(page, "error-pipelines");
        bench.Runtime.Failing = null;
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "flights" }).First.WaitForAsync();
    }

    [Fact]
    public async Task Page_WhenTheRuntimeComesBack_FillsByItself()
    {
        var page = await bench.OpenAsync("/system");
        bench.Runtime.Failing = new Problem { Status = 503, Title = "Starting", Detail = "The runtime is starting." };
        await page.GotoAsync($"{bench.Workbench.Url}catalog");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Starting" }).WaitForAsync();
        bench.Runtime.Failing = null;
        await page.GetByRole(AriaRole.Link, new() { Name = "delays_by_airport" }).WaitForAsync();
    }

    [Fact]
    public async Task Pipeline_ThatDoesNotExist_IsNotFound()
    {
        var page = await bench.OpenAsync("/pipelines/nothing");
        await page.GetByText("There is no pipeline 'nothing'.").WaitForAsync();
    }

    /// <summary>The circuit replaces the prerendered page once: an element may vanish between finding and measuring it.</summary>
    private static async Task<float> TopAsync(IPage page)
    {
        while (true)
        {
            if (await page.GetByRole(AriaRole.Heading, new() { Name = "Recent runs" }).BoundingBoxAsync() is { } box)
                return box.Y;
        }
    }

    private static async Task Picture(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png") });
    }
}
