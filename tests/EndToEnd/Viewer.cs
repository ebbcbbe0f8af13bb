using FlowForge.Browsing;
using Microsoft.Playwright;

namespace FlowForge.EndToEnd.Tests;

/// <summary>One person at a browser: collects what the browser complains about and takes pictures.</summary>
public sealed class Viewer : IAsyncDisposable
{
    // Set to take the pictures anew that the README shows.
    private static readonly bool KeepPictures = Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 };

    // Two cores that do everything else as well: a page may take its time.
    static Viewer() => Assertions.SetDefaultExpectTimeout(60_000);

    private Viewer(IPage page, Uri home)
    {
        Page = page;
        page.SetDefaultTimeout(60_000);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                Complaints.Add($"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => Complaints.Add($"script: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(home.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
                Complaints.Add($"other host: {request.Url}");
        };
    }

    public IPage Page { get; }

    public List<string> Complaints { get; } = [];

    /// <summary>Skips the test where there is no browser.</summary>
    public static async Task<Viewer> SitDownAsync(Chromium chromium, RunningEnvironment environment)
    {
        var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1280, Height = 800 }, ColorScheme = ColorScheme.Light, TimezoneId = "Europe/Berlin", Locale = "en-GB", ReducedMotion = ReducedMotion.Reduce,
        });
        return new Viewer(await context.NewPageAsync(), environment.Workbench);
    }

    /// <summary>Light at 1280 and dark at 1440 pixels; nothing may stick out sideways in either.</summary>
    public async Task LookAsync(string name)
    {
        await Page.Mouse.MoveAsync(640, 2);
        foreach (var (theme, scheme, width, height) in new[] { ("dark", ColorScheme.Dark, 1440, 900), ("light", ColorScheme.Light, 1280, 800) })
        {
            await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            await Page.SetViewportSizeAsync(width, height);
            await Page.Locator($"html[data-theme={theme}]").WaitForAsync();
            var sideways = await Page.EvaluateAsync<int>("(() => { const m = document.querySelector('main'); return m.scrollWidth - m.clientWidth; })()");
            Assert.True(sideways <= 0, $"{name} overflows by {sideways} px at {width} px.");
            if (KeepPictures)
                await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(RunningEnvironment.Root, "tests", "EndToEnd", "screens", $"{name}-{theme}.png") });
        }
    }

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
}
