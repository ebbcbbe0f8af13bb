using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

public sealed class RestartTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Workbench_KilledAndStartedAgain_GivesThePageBackWithoutANewLogin()
    {
        var page = await bench.OpenAsync("/pipelines/flights");
        await page.Locator(".node").First.WaitForAsync();
        await bench.RestartAsync(async () => await page.GetByText("Connection lost. Reconnecting…").WaitForAsync());
        // Blazor tries again by itself; the page comes back alive, on the same address, with the same session.
        await page.Locator("#components-reconnect-modal:not(.components-reconnect-show)").WaitForAsync(new() { State = WaitForSelectorState.Attached, Timeout = 40_000 });
        await page.Locator(".topbar .pill.good").WaitForAsync();
        await page.Locator(".node").First.ClickAsync();
        await page.Locator(".job-facts").WaitForAsync();
        Assert.EndsWith("/pipelines/flights", page.Url);
    }
}
