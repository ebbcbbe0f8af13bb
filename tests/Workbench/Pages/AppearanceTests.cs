using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>Every page in both themes, on desktops and a tablet: nothing complains, nothing overflows sideways. With FLOWFORGE_SCREENS set, pictures are kept there to be looked at.</summary>
public sealed class AppearanceTests(Bench bench) : IClassFixture<Bench>
{
    public static TheoryData<string, string, string> Pages => new()
    {
        { "overview", "/", ".spark path" },
        { "pipelines", "/pipelines", ".state-bars" },
        { "pipeline-graph", "/pipelines/flights", ".node" },
        { "pipeline-yaml", "/pipelines/flights/yaml", ".monaco-editor .view-line" },
        { "pipeline-runs", "/pipelines/flights/runs", "tr[data-row]" },
        { "pipeline-plan", "/pipelines/flights/plan", ".table td" },
        { "pipeline-deliveries", "/pipelines/crm_sync/deliveries", ".table td" },
        { "runs", "/runs", "tr[data-row]" },
        { "run-running", "/runs/run_8f20?job=ingest.flights", ".log-line" },
        { "run-failed", "/runs/run_8f1f", ".failure" },
        { "run-done", "/runs/run_8f1e?job=silver.flights_clean", ".checks" },
        { "catalog", "/catalog", "tr[data-row]" },
        { "table-preview", "/catalog/gold/delays_by_airport", ".grid td.number" },
        { "table-schema", "/catalog/gold/delays_by_airport/schema", ".type" },
        { "table-versions", "/catalog/gold/delays_by_airport/versions", ".table td" },
        { "table-lineage", "/catalog/silver/flights_clean/lineage", ".node" },
        { "table-rejects", "/catalog/bronze/movies/rejects", ".reason-bar" },
        { "sources", "/sources", ".source-card" },
        { "connections", "/sources/connections", "tr[data-row]" },
        { "history", "/sources/history", "tr[data-row]" },
        { "compare", "/runs/compare?a=run_8f1f&b=run_8f1e", ".compare-part" },
        { "connectors", "/sources/connectors", ".connector .chip" },
        { "secrets", "/sources/secrets", ".table td" },
        { "uploads", "/sources/uploads", ".drop-zone[data-ready]" },
        { "layer", "/catalog/bronze", "tr[data-row]" },
        { "new-pipeline", "/pipelines/new", ".page-head" },
        { "wizard-read", "/jobs/flights/flights?step=read", ".setting" },
        { "connection-new", "/sources/new/shop", ".setting" },
        { "connection", "/sources/connections/shop_db", ".setting" },
        { "connection-browse", "/sources/connections/shop_db/browse", ".browse-item" },
        { "connection-uses", "/sources/connections/shop_db/uses", ".table td" },
        { "connection-file", "/sources/connections/warehouse", ".setting" },
        { "wizard", "/jobs/new", ".wizard-fields" },
        { "wizard-source", "/jobs/flights/flights?step=source", ".wizard-kind" },
        { "wizard-process", "/jobs/flights/flights?step=process", ".wizard-grid" },
        { "wizard-starts", "/jobs/flights/flights?step=starts", ".wizard-trigger" },
        { "wizard-review", "/jobs/flights/flights?step=review", ".text-diff" },
        { "drift", "/drift", ".hold-impact" },
        { "watermarks", "/drift/watermarks", ".table td" },
        { "audit", "/drift/audit", ".audit li" },
        { "landing", "/drift/landing", ".table td" },
        { "table-drift", "/catalog/bronze/movies/drift", ".sides td" },
        { "workflows", "/temporal", "tr[data-row]" },
        { "workflow-open", "/temporal/workflow?id=run%2Frun_8f20", ".events li" },
        { "workflow-failed", "/temporal/workflow?id=run%2Frun_8f1f", ".events li" },
        { "schedules", "/temporal/schedules", "tr[data-row]" },
        { "schedule", "/temporal/schedule?id=pipeline%2Fflights", ".rules li" },
        { "system", "/system", ".facts" },
        { "help", "/help/FF2051", ".help-text" },
        { "help-all", "/help", ".help-section" },
    };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Page_InBothThemesAndWidths_IsQuiet(string name, string path, string settled)
    {
        var page = await bench.OpenAsync(path, dark: false, 1280, 900);
        await page.Locator(settled).First.WaitForAsync();
        foreach (var (theme, width) in new[] { ("light", 1280), ("dark", 1440), ("light", 820) })
        {
            // The page follows the system's theme while it is open.
            await page.EmulateMediaAsync(new() { ColorScheme = theme == "dark" ? ColorScheme.Dark : ColorScheme.Light });
            await page.SetViewportSizeAsync(width, 900);
            await page.Locator($"html[data-theme={theme}]").WaitForAsync();
            if (Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS") is { Length: > 0 } folder)
                await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{theme}-{width}.png") });
            var barriers = await BarriersAsync(page);
            Assert.True(barriers.Length == 0, $"{theme}:\n{string.Join('\n', barriers)}");
            var sideways = await page.EvaluateAsync<int>("(() => { const m = document.querySelector('main'); return m.scrollWidth - m.clientWidth; })()");
            Assert.True(sideways <= 0, $"{path} overflows by {sideways} px at {width} px.");
        }
        // Smaller tablets, lying and upright.
        foreach (var width in new[] { 1024, 768 })
        {
            await page.SetViewportSizeAsync(width, 900);
            var wide = await page.EvaluateAsync<string>("""
                () => [document.documentElement, document.querySelector("main")].map(e => e.scrollWidth - e.clientWidth).some(w => w > 0)
                  ? [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map(e => `${e.tagName}.${e.className}`).join(", ") || "something" : ""
                """);
            Assert.True(wide.Length == 0, $"{path} overflows at {width} px by {wide}.");
        }
        Assert.Equal([], bench.ComplaintsOf(page));
        await page.Context.CloseAsync();
    }

    /// <summary>What axe-core finds: names that screen readers miss, contrast that weak eyes miss. Each as "rule: element".</summary>
    private static async Task<string[]> BarriersAsync(IPage page)
    {
        // The policy of the pages forbids foreign scripts, so it is handed over the debugger's way.
        await page.EvaluateAsync(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "axe.min.js")) + "; undefined");
        return await page.EvaluateAsync<string[]>("""
            async () => (await axe.run({ exclude: [[".monaco-editor"]] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })).violations
              .flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(" ")} ${n.any.map(a => a.message).join(" ")}`))
            """);
    }
}
