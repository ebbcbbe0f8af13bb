using System.Diagnostics;
using System.Net;
using FlowForge.Browsing;
using FlowForge.Contracts;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Browser;

/// <summary>A workbench around the real runtime on an empty lake, with kernels. One for each test class.</summary>
public sealed class NotebookBench(Chromium chromium) : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("flowforge-notebooks-").FullName;
    private readonly List<IBrowserContext> contexts = [];
    private Process? runtime;

    public WorkbenchProcess Workbench { get; private set; } = default!;

    public FlowForgeClient Client { get; private set; } = default!;

    public string NotebookFolder => Path.Combine(folder, "workspace", "notebooks");

    public string Token { get; private set; } = "";

    private Uri Address { get; set; } = default!;

    // A kernel's first cell waits for a compiler that is being compiled; on a busy machine that takes a while.
    static NotebookBench() => Assertions.SetDefaultExpectTimeout(45_000);

    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<IPage, List<string>> complaints = [];

    /// <summary>What the browser complained about on this page.</summary>
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
        var address = Address = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, WorkingDirectory = Path.GetTempPath() };
        start.ArgumentList.Add(WorkbenchProcess.Program("Api"));
        start.Environment["FlowForge__DataFolder"] = folder;
        start.Environment["ASPNETCORE_URLS"] = address.GetLeftPart(UriPartial.Authority);
        start.Environment["Temporal__Address"] = "127.0.0.1:1";
        start.Environment["Logging__LogLevel__Default"] = "None";
        start.Environment["FLOWFORGE_LIFELINE"] = "stdin";
        runtime = Process.Start(start)!;
        using var http = new HttpClient();
        for (var until = DateTime.UtcNow.AddSeconds(60); ;)
        {
            try
            {
                if ((await http.GetAsync(new Uri(address, "/health"))).StatusCode == HttpStatusCode.OK)
                    break;
            }
            catch (HttpRequestException)
            {
                if (runtime.HasExited || DateTime.UtcNow > until)
                    throw;
                await Task.Delay(50);
            }
        }
        var token = Path.Combine(folder, "token");
        Token = await File.ReadAllTextAsync(token);
        Client = FlowForgeClient.Connect(address, Token);
        Workbench = await WorkbenchProcess.StartAsync(address, token);
    }

    /// <summary>A page of a logged-in viewer, alive.</summary>
    public async Task<IPage> OpenAsync(string path, bool dark = false)
    {
        var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1280, Height = 860 }, ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light, TimezoneId = "Europe/Berlin", Locale = "en-GB", ReducedMotion = ReducedMotion.Reduce,
        });
        contexts.Add(context);
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(45_000);
        page.Console += (_, message) =>
        {
            // That a cell's HTML may run no script is what is wanted.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Blocked script execution in 'about:srcdoc'", StringComparison.Ordinal))
                Complain(page, $"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => Complain(page, $"script: {error}");
        await page.GotoAsync($"{Workbench.Url}login?token={Token}&return={Uri.EscapeDataString(path)}");
        await page.Locator(".topbar .pill:not(.idle)").WaitForAsync();
        return page;
    }

    /// <summary>Kills the workbench and starts it again at the same address.</summary>
    public async Task RestartWorkbenchAsync()
    {
        var port = Workbench.Url.Port;
        await Workbench.DisposeAsync();
        Workbench = await WorkbenchProcess.StartAsync(Address, System.IO.Path.Combine(folder, "token"), port);
    }

    /// <summary>A notebook of these cells, open in a browser.</summary>
    public async Task<(IPage Page, string Path)> NotebookAsync(string name, params NotebookCellText[] cells)
    {
        // Kernels of earlier tests would reach the limit.
        foreach (var old in (await Client.NotebooksAsync()).Where(n => n.Kernel.State != NotebookKernelState.None))
            await Client.StopKernelAsync(old.Path);
        var made = await Client.CreateNotebookAsync(new CreateNotebook(name, cells));
        var page = await OpenAsync("/notebooks/" + name);
        await page.Locator("[data-cell]").First.WaitForAsync();
        return (page, made.Path);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var context in contexts)
            await context.CloseAsync();
        if (Workbench is not null)
            await Workbench.DisposeAsync();
        if (runtime is not null)
        {
            runtime.StandardInput.Close();
            if (!runtime.WaitForExit(15_000))
                runtime.Kill(entireProcessTree: true);
            runtime.Dispose();
        }
        Directory.Delete(folder, recursive: true);
    }

    private void Complain(IPage page, string what)
    {
        var list = complaints.GetOrCreateValue(page);
        lock (list)
            list.Add(what);
    }
}
