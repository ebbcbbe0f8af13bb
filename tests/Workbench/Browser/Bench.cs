using FlowForge.Browsing;
using FlowForge.Workbench.Tests.Fakes;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace FlowForge.Workbench.Tests.Browser;

/// <summary>A workbench around a canned runtime, and browsers that look at it. One for each test class.</summary>
public sealed class Bench(Chromium chromium) : IAsyncLifetime
{
    // A busy machine is no fault of a page.
    static Bench() => Assertions.SetDefaultExpectTimeout(60_000);

    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-workbench-").FullName;
    private readonly List<IBrowserContext> contexts = [];

    public FakeRuntime Runtime { get; private set; } = default!;

    public WorkbenchProcess Workbench { get; private set; } = default!;

    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<IPage, List<string>> complaints = [];

    /// <summary>What the browser complained about on this page: console errors, failed requests, requests to other hosts.</summary>
    public IReadOnlyList<string> ComplaintsOf(IPage page)
    {
        var list = complaints.GetOrCreateValue(page);
        lock (list)
            return [.. list];
    }

    public async ValueTask InitializeAsync()
    {
        if (Chromium.Path is null)
            return;
        var token = Path.Combine(folder, "token");
        await File.WriteAllTextAsync(token, FakeRuntime.Token);
        Runtime = await FakeRuntime.StartAsync();
        Workbench = await WorkbenchProcess.StartAsync(Runtime.Url, token);
    }

    /// <summary>Kills the workbench and starts it again at the same address.</summary>
    public async Task RestartAsync(Func<Task> between)
    {
        await Workbench.DisposeAsync();
        await between();
        Workbench = await WorkbenchProcess.StartAsync(Runtime.Url, Path.Combine(folder, "token"), Workbench.Url.Port);
    }

    /// <summary>A page of a viewer who is not logged in.</summary>
    public async Task<IPage> StrangerAsync(bool dark = false, int width = 1280, int height = 800)
    {
        var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light, TimezoneId = "Europe/Berlin", Locale = "en-GB", ReducedMotion = ReducedMotion.Reduce,
        });
        contexts.Add(context);
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(60_000);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                Complain(page, $"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => Complain(page, $"script: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(Workbench.Url.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
                Complain(page, $"other host: {request.Url}");
        };
        return page;
    }

    /// <summary>A logged-in viewer at an address, when the page is alive (its circuit is connected).</summary>
    public async Task<IPage> OpenAsync(string path, bool dark = false, int width = 1280, int height = 800)
    {
        var page = await StrangerAsync(dark, width, height);
        await page.GotoAsync($"{Workbench.Url}login?token={FakeRuntime.Token}&return={Uri.EscapeDataString(path)}");
        await page.Locator(".topbar .pill:not(.idle)").WaitForAsync();
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in contexts)
            await context.CloseAsync();
        if (Workbench is not null)
            await Workbench.DisposeAsync();
        if (Runtime is not null)
            await Runtime.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private void Complain(IPage page, string what)
    {
        var list = complaints.GetOrCreateValue(page);
        lock (list)
            list.Add(what);
    }
}
