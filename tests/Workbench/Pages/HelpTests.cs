using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>From the code of an error to what it means.</summary>
public sealed class HelpTests(Bench bench) : IClassFixture<Bench>
{
    [Fact]
    public async Task Code_OfAFailedRun_LeadsToItsExplanation_AndOnToAllCodes()
    {
        bench.Runtime.Sample = Sample.Full();
        var page = await bench.OpenAsync("/runs/run_8f1f?job=ingest.flights");
        var explained = Explanation.Find("FF2020")!;
        var link = page.Locator(".failure .code-link").First;
        await Assertions.Expect(link).ToHaveTextAsync("FF2020");
        await Assertions.Expect(link).ToHaveAttributeAsync("title", explained.Title + ". Click for what it means and what to do.");
        await Assertions.Expect(page.Locator(".attempts .code-link").First).ToHaveAttributeAsync("href", "/help/FF2020");

        await link.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("FF2020 " + explained.Title);
        await Assertions.Expect(page.Locator(".help-text")).ToHaveTextAsync(explained.Text.Replace("`", "", StringComparison.Ordinal));
        await Assertions.Expect(page.Locator(".help-text code").First).ToHaveTextAsync("error_handling: fail");
        await Assertions.Expect(page.Locator(".help")).ToContainTextAsync("flowforge explain FF2020");
        await Assertions.Expect(page.Locator(".help-section .code-link")).ToHaveTextAsync(Explanation.All.Where(e => e.Section == explained.Section).Select(e => e.Code));
        await Assertions.Expect(page.Locator(".help-section [aria-current=page]")).ToHaveTextAsync("FF2020");

        await page.GetByRole(AriaRole.Link, new() { Name = "Codes", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Codes");
        await Assertions.Expect(page.Locator(".help-section .code-link")).ToHaveTextAsync(Explanation.All.Select(e => e.Code));
    }

    [Fact]
    public async Task Refusal_WithACode_LinksToItsExplanation()
    {
        var page = await bench.OpenAsync("/system");
        bench.Runtime.Failing = new Problem { Status = 409, Title = "Table cannot be read", Detail = "The log of bronze.movies is damaged.", Code = "FF2700" };
        try
        {
            await page.GotoAsync($"{bench.Workbench.Url}pipelines");
            await Assertions.Expect(page.Locator(".empty .code-link")).ToHaveAttributeAsync("href", "/help/FF2700");
        }
        finally
        {
            bench.Runtime.Failing = null;
        }
        await page.GotoAsync($"{bench.Workbench.Url}help/ff2700");
        await Assertions.Expect(page.Locator(".help-text")).ToHaveTextAsync(Explanation.Find("FF2700")!.Text);
    }
}
