using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Playwright;

namespace FlowForge.Benchmarks.Pages;

/// <summary>The API's lists and the workbench's pages over a workspace of 50,000 runs and 5,000 tables, against the limits of 200 ms and 1 s.</summary>
internal sealed class PagesBenchmark : IBenchmark
{
    private const int ApiLimit = 200, PageLimit = 1000;

    private static readonly (string What, string Path)[] Lists =
    [
        ("overview of a day", "overview"), ("overview of 30 days", "overview?window=30d"), ("pipelines", "pipelines?size=50"), ("all pipelines", "pipelines?size=500"), ("names of pipelines", "pipeline-names"), ("one pipeline", "pipelines/shop_250"),
        ("runs", "runs?size=50"), ("last page of runs", "runs?size=50&page=1000"), ("failed runs", "runs?state=failed&size=50"), ("runs of a pipeline", "runs?pipeline=shop_250"), ("runs by text", "runs?search=number%20777"), ("one run", "runs/run_0061a8"),
        ("tables, first page", "layers?size=25"), ("bronze, a late page", "layers?layer=bronze&size=100&page=20"), ("tables by text", "layers?search=sales&size=100"), ("one table", "tables/bronze/shop_250_in3"), ("rows of a table", "tables/bronze/shop_250_in3/rows?limit=100"),
        ("sources", "sources?size=24"), ("sources by text", "sources?search=shop_25&size=24"), ("ingestion history", "ingestions?size=50"), ("history with rejects", "ingestions?rejects=true&size=50"), ("history by text", "ingestions?search=in3&size=50"),
        ("search", "search?q=shop_25"), ("search for a column", "search?q=amount"), ("connections", "connections"), ("watermarks", "watermarks"), ("held changes", "drift"),
    ];

    private static readonly (string What, string Path, string Settled)[] Pages =
    [
        ("overview", "/", ".figure"), ("pipelines", "/pipelines", ".state-bars"), ("pipeline", "/pipelines/shop_250", ".node"), ("runs", "/runs", "tr[data-row]"), ("run", "/runs/run_0061a8", ".node"), ("catalog", "/catalog", "tr[data-row]"),
        ("bronze layer", "/catalog/bronze?page=20", "tr[data-row]"), ("table", "/catalog/bronze/shop_250_in3", ".grid td.number"), ("sources", "/sources", ".source-card"), ("ingestion history", "/sources/history", "tr[data-row]"),
        ("wizard", "/jobs/new", ".wizard-fields"), ("watermarks", "/drift/watermarks", ".table td"),
    ];

    /// <summary>
    /// The browser itself looks after each change of the document: Playwright's own waits look every half second at the end, which would be most of the figure.
    /// Milliseconds since the navigation began, in the frame that shows both what the page is for and that its circuit hears.
    /// </summary>
    private const string WatchPage = """
        window.__settled = selector => new Promise(done => {
          const look = () => {
            if (!document.querySelector(selector) || !document.querySelector('.topbar .pill:not(.idle)')) return false;
            requestAnimationFrame(() => done(performance.now()));
            return true;
          };
          if (look()) return;
          const watch = new MutationObserver(() => { if (look()) watch.disconnect(); });
          watch.observe(document, { childList: true, subtree: true, attributes: true });
        });
        """;

    public string Name => "pages";

    public string About => "lists of the API and pages of the workbench at 50,000 runs and 5,000 tables (peer: the limits of 200 ms and 1 s); ours is the median of five, after one that is not counted";

    public IEnumerable<Ratio> Run(bool isShort)
    {
        var kept = Environment.GetEnvironmentVariable("FLOWFORGE_PAGES");
        var folder = kept ?? Directory.CreateTempSubdirectory("ff-bench-pages-").FullName;
        try
        {
            var clock = Stopwatch.StartNew();
            if (!File.Exists(Path.Combine(folder, "catalog", "catalog.db"))) BigWorkspace.Make(folder, isShort ? 5_000 : 50_000);
            Console.WriteLine($"  the workspace was made in {clock.Elapsed.TotalSeconds:0} s");
            using var places = new Services(folder);
            return places.MeasureAsync(isShort ? 1 : 5).GetAwaiter().GetResult();
        }
        finally
        {
            if (kept is null) Directory.Delete(folder, recursive: true);
        }
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    /// <summary>The runtime and the workbench as processes, on free ports; they end with this object.</summary>
    internal sealed class Services : IDisposable
    {
        private readonly Process runtime, workbench;
        private readonly Uri api = Free(), web = Free();
        private readonly string token;

        public Uri Api => api;

        public Uri Web => web;

        public string Token => token;

        public Services(string folder)
        {
            runtime = Start("Api", [], new() { ["FlowForge__DataFolder"] = folder, ["ASPNETCORE_URLS"] = api.GetLeftPart(UriPartial.Authority), ["Temporal__Address"] = "127.0.0.1:1", ["Logging__LogLevel__Default"] = "None", ["FLOWFORGE_LIFELINE"] = "stdin" });
            Wait(api, runtime);
            token = File.ReadAllText(Path.Combine(folder, "token"));
            workbench = Start("Workbench", ["--urls", web.ToString(), "--parent-pid", $"{Environment.ProcessId}"], new() { ["FlowForge__TokenFile"] = Path.Combine(folder, "token"), ["Runtime__Url"] = api.ToString() });
            Wait(web, workbench);
        }

        public async Task<List<Ratio>> MeasureAsync(int rounds)
        {
            var found = new List<Ratio>();
            using var client = new HttpClient { BaseAddress = new Uri(api, "/api/v1/") };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            foreach (var (what, path) in Lists)
                found.Add(new Ratio("api: " + what, await MedianAsync(rounds, async Task () => await client.GetByteArrayAsync(path)), ApiLimit, "ms", 1, LessIsBetter: true));
            if (!File.Exists("/usr/bin/chromium")) return found;
            using var playwright = await Playwright.CreateAsync();
            await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-gpu"] });
            var page = await browser.NewPageAsync();
            await page.GotoAsync($"{web}login?token={token}");
            await page.AddInitScriptAsync(WatchPage);
            foreach (var (what, path, settled) in Pages)
                found.Add(new Ratio("page: " + what, await MedianAsync(rounds, async () =>
                {
                    await page.GotoAsync(new Uri(web, path).ToString(), new() { WaitUntil = WaitUntilState.Commit });
                    return await page.EvaluateAsync<double>("selector => window.__settled(selector)", settled);
                }), PageLimit, "ms", 1, LessIsBetter: true));
            return found;
        }

        /// <summary>Milliseconds by the wall clock; with FLOWFORGE_CPU set those of the processor in both services, the mean, since they are counted in steps of ten.</summary>
        private Task<double> MedianAsync(int rounds, Func<Task> act) => MedianAsync(rounds, async () =>
        {
            var clock = Stopwatch.StartNew();
            await act();
            return clock.Elapsed.TotalMilliseconds;
        });

        /// <inheritdoc cref="MedianAsync(int, Func{Task})"/>
        private async Task<double> MedianAsync(int rounds, Func<Task<double>> act)
        {
            await act();
            var times = new List<double>();
            var before = Cpu();
            if (Stopclock.CountsCpu) rounds *= 4;
            for (var i = 0; i < rounds; i++) times.Add(await act());
            return Stopclock.CountsCpu ? (Cpu() - before).TotalMilliseconds / rounds : Median(times);
        }

        private TimeSpan Cpu()
        {
            runtime.Refresh();
            workbench.Refresh();
            return runtime.TotalProcessorTime + workbench.TotalProcessorTime;
        }

        private static Process Start(string room, string[] arguments, Dictionary<string, string> environment)
        {
            var root = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(root, "FlowForge.sln"))) root = Path.GetDirectoryName(root)!;
            var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
            start.ArgumentList.Add(Path.Combine(root, "artifacts", "bin", room, new DirectoryInfo(AppContext.BaseDirectory).Name, $"FlowForge.{room}.dll"));
            foreach (var argument in arguments) start.ArgumentList.Add(argument);
            foreach (var (name, value) in environment) start.Environment[name] = value;
            var process = Process.Start(start)!;
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            return process;
        }

        private static void Wait(Uri address, Process process)
        {
            using var http = new HttpClient();
            for (var until = DateTime.UtcNow.AddSeconds(60); ;)
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/health"));
                    using var answer = http.Send(request);
                    if (answer.StatusCode == HttpStatusCode.OK) return;
                    Thread.Sleep(50);
                }
                catch (HttpRequestException) when (!process.HasExited && DateTime.UtcNow < until)
                {
                    Thread.Sleep(50);
                }
            }
        }

        private static Uri Free() => new($"http://127.0.0.1:{FreePort.Take()}");

        public void Dispose()
        {
            runtime.StandardInput.Close();
            if (!runtime.WaitForExit(10_000)) runtime.Kill(entireProcessTree: true);
            workbench?.Kill(entireProcessTree: true);
            workbench?.WaitForExit();
            runtime.Dispose();
            workbench?.Dispose();
        }
    }
}
