using System.Diagnostics;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using Microsoft.Playwright;

namespace FlowForge.Benchmarks.Pages;

/// <summary>The notebook's page over the demo's largest table, with the real runtime, workbench, kernel and browser; and what a kernel takes after 1,000 executions.</summary>
internal sealed class NotebookBenchmark : IBenchmark
{
    private const int FirstRowsLimit = 300, PaintLimit = 50, ChartLimit = 1000;
    private const double MemoryLimit = 900;

    /// <summary>From the key that runs a cell to the frame in which its first rows are painted; both moments are the browser's.</summary>
    private const string WatchRows = """
        () => { window.__rows = new Promise(done => {
          let from = 0;
          addEventListener('keydown', e => { if (e.key === 'Enter' && e.ctrlKey) from = performance.now(); }, true);
          const look = new MutationObserver(() => { if (from && document.querySelector('.grid tbody td')) { look.disconnect(); requestAnimationFrame(() => done(performance.now() - from)); } });
          look.observe(document.body, { childList: true, subtree: true });
        }); }
        """;

    private const string WatchKeys = """
        () => {
          window.__times = []; let key = 0;
          addEventListener('keydown', () => { key = performance.now(); }, true);
          new MutationObserver(() => { if (key) { const k = key; key = 0; requestAnimationFrame(() => window.__times.push(performance.now() - k)); } }).observe(document.querySelector('.view-lines'), { childList: true, subtree: true, characterData: true });
        }
        """;

    /// <summary>From the choice of the last encoding to the drawn chart.</summary>
    private const string WatchChart = """
        () => { window.__chart = new Promise(done => {
          let from = 0;
          addEventListener('change', () => { from = performance.now(); }, true);
          const look = new MutationObserver(() => { if (from && document.querySelector(".chart-host[data-drawn='100000']")) { look.disconnect(); requestAnimationFrame(() => done(performance.now() - from)); } });
          look.observe(document.body, { attributes: true, childList: true, subtree: true });
        }); }
        """;

    public string Name => "notebook";

    public string About => "first rows of the demo's largest table, key to paint, a chart of 100,000 points (peer: the limits of 300, 50 and 1,000 ms), and the kernel's memory after 1,000 executions, of which 100 are C# (peer: the 900 MiB of the docs)";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var folder = Directory.CreateTempSubdirectory("ff-bench-notebook-").FullName;
        try
        {
            FillLake(Path.Combine(folder, "lake"));
            using var places = new PagesBenchmark.Services(folder);
            return MeasureAsync(places, isShort).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<List<Ratio>> MeasureAsync(PagesBenchmark.Services places, bool isShort)
    {
        var found = new List<Ratio>();
        var client = FlowForgeClient.Connect(places.Api, places.Token);
        if (File.Exists("/usr/bin/chromium"))
        {
            using var playwright = await Playwright.CreateAsync();
            await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-gpu"] });
            var page = await browser.NewPageAsync();
            page.SetDefaultTimeout(120_000);
            await page.GotoAsync($"{places.Web}login?token={places.Token}");
            found.Add(new Ratio("first rows of bronze.flights", await FirstRowsAsync(page, client, places.Web, isShort ? 2 : 9), FirstRowsLimit, "ms", 1, LessIsBetter: true));
            var keys = await KeysAsync(page, isShort ? 20 : 200);
            found.Add(new Ratio("key to paint, median", keys[keys.Length / 2], PaintLimit, "ms", 1, LessIsBetter: true));
            found.Add(new Ratio("key to paint, 95 of 100", keys[keys.Length * 95 / 100], PaintLimit, "ms", 1, LessIsBetter: true));
            found.Add(new Ratio("chart of 100,000 points", await ChartAsync(page, client, places.Web, isShort ? 1 : 5), ChartLimit, "ms", 1, LessIsBetter: true));
        }
        found.Add(new Ratio("kernel after 1,000 executions", await MemoryAsync(client, isShort ? 50 : 1000), MemoryLimit, "MiB", 1, LessIsBetter: true));
        return found;
    }

    /// <summary>What a spare kernel takes to come up and to rehearse: nobody opens a second notebook sooner.</summary>
    private static readonly TimeSpan SpareComesUp = TimeSpan.FromSeconds(4);

    /// <summary>Each time in a kernel that has run nothing yet, on a page that was just opened; it was the spare one, as in a runtime that is not just started. The first one is not counted.</summary>
    private static async Task<double> FirstRowsAsync(IPage page, FlowForgeClient client, Uri web, int rounds)
    {
        var path = (await client.CreateNotebookAsync(new CreateNotebook("first", [new("a", NotebookCellKind.Sql, "SELECT * FROM bronze.flights", "rows")]))).Path;
        var times = new List<double>();
        for (var i = 0; i <= rounds; i++)
        {
            await client.StopKernelAsync(path);
            await client.ClearOutputsAsync(path, new ClearOutputs());
            await Task.Delay(SpareComesUp);
            await page.GotoAsync(new Uri(web, "notebooks/first").ToString());
            await page.Locator(".pill.good", new() { HasText = "idle" }).WaitForAsync();
            await page.Locator(".view-line").First.ClickAsync();
            await page.EvaluateAsync(WatchRows);
            await page.Keyboard.PressAsync("Control+Enter");
            times.Add(await page.EvaluateAsync<double>("() => window.__rows"));
        }
        return Median(times.Skip(1));
    }

    private static async Task<double[]> KeysAsync(IPage page, int keys)
    {
        await page.Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("End");
        await page.EvaluateAsync(WatchKeys);
        for (var i = 0; i < keys; i++) await page.Keyboard.TypeAsync("x");
        return [.. (await page.EvaluateAsync<double[]>("() => window.__times")).Order()];
    }

    private static async Task<double> ChartAsync(IPage page, FlowForgeClient client, Uri web, int rounds)
    {
        var path = (await client.CreateNotebookAsync(new CreateNotebook("chart",
        [
            new("a", NotebookCellKind.Sql, "SELECT i AS x, sin(i / 5000.0) + random() * 0.2 AS y FROM range(100000) t(i)", "wave"), new("b", NotebookCellKind.Chart, """{"mark":"scatter","source":"wave","x":"x"}"""),
        ]))).Path;
        var times = new List<double>();
        await EndAsync(client, path, new RunNotebook(["a"]));
        await page.GotoAsync(new Uri(web, "notebooks/chart").ToString());
        var y = page.GetByLabel("Y", new() { Exact = true });
        await y.WaitForAsync();
        for (var i = 0; i <= rounds; i++)
        {
            await page.EvaluateAsync("() => { document.querySelector('.chart-host').dataset.drawn = ''; }");
            await page.EvaluateAsync(WatchChart);
            await y.SelectOptionAsync(i % 2 == 0 ? "y" : "x");
            times.Add(await page.EvaluateAsync<double>("() => window.__chart"));
        }
        // The first one fetches the script that draws, too.
        Console.WriteLine($"  the first chart of the page took {times[0]:0} ms");
        times.RemoveAt(0);
        return Median(times);
    }

    /// <summary>MiB that the kernel takes: nine SQL cells over a table and one of C#, again and again.</summary>
    private static async Task<double> MemoryAsync(FlowForgeClient client, int executions)
    {
        var cells = Enumerable.Range(0, 10).Select(i => i == 9 ? new NotebookCellText("c9", NotebookCellKind.Csharp, "var n = last.Count(); n") : new NotebookCellText($"c{i}", NotebookCellKind.Sql, $"SELECT *, {i} AS i FROM bronze.flights LIMIT 1000", i == 8 ? "last" : $"r{i}")).ToList();
        var path = (await client.CreateNotebookAsync(new CreateNotebook("memory", cells))).Path;
        for (var i = 0; i < executions; i += cells.Count) await EndAsync(client, path, new RunNotebook());
        var detail = await client.NotebookAsync(path);
        if (detail.Cells.FirstOrDefault(c => c.State == NotebookCellState.Failed) is { } failed) throw new InvalidOperationException($"A cell failed: {failed.Source}");
        return (double)detail.Kernel.Memory / (1 << 20);
    }

    private static async Task EndAsync(FlowForgeClient client, string path, RunNotebook body)
    {
        await client.RunNotebookAsync(path, body);
        while ((await client.NotebookAsync(path)).Cells.Any(c => c.State is NotebookCellState.Running or NotebookCellState.Queued)) await Task.Delay(10);
    }

    private static double Median(IEnumerable<double> times) => times.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;

    /// <summary>The demo's flights as its pipeline stores them.</summary>
    private static void FillLake(string lake)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "FlowForge.sln"))) root = Path.GetDirectoryName(root)!;
        var file = Path.Combine(root, "AppHost", "demo", "data", "flights-3m.parquet");
        if (!File.Exists(file)) throw new FileNotFoundException("The demo's data is not there: build AppHost first.", file);
        using var database = DuckDatabase.Open();
        using var session = database.Connect();
        using var transaction = new LakeStore(lake).Table(TableName.Parse("bronze.flights")).Begin();
        transaction.Write(session, $"SELECT * FROM read_parquet('{file}')");
        transaction.Commit(new CommitOptions());
    }
}
