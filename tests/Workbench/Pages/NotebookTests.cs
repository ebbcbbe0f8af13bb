using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

/// <summary>The notebook's pages with a real kernel behind them.</summary>
public sealed partial class NotebookTests(NotebookBench bench) : IClassFixture<NotebookBench>
{
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("FLOWFORGE_SCREENS");

    [Fact]
    public async Task List_NewRenamedDeletedUndone_IsThereAgain()
    {
        var page = await bench.OpenAsync("/notebooks");
        await page.GetByRole(AriaRole.Button, new() { Name = "New notebook" }).First.ClickAsync();
        await page.GetByLabel("Name, with folders if you like").FillAsync("list/mine");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "mine", Exact = true }).WaitForAsync();
        await page.Locator(".cell.sql .monaco-editor").WaitForAsync();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Breadcrumb" }).GetByRole(AriaRole.Link, new() { Name = "Notebooks" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Rename mine" }).ClickAsync();
        await page.GetByLabel("Name, with folders if you like").FillAsync("list/ours");
        await page.GetByRole(AriaRole.Button, new() { Name = "Rename", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete ours" }).ClickAsync();
        await page.GetByText("list/ours.ipynb is in the trash, where it stays 30 days.").WaitForAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "ours", Exact = true })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "ours", Exact = true }).WaitForAsync();
        await LookAsync(page, "notebooks");
    }

    [Fact]
    public async Task Cells_RunByKeyboard_ShowRowsTextAndErrors()
    {
        var (page, _) = await bench.NotebookAsync("run",
            new("s1", NotebookCellKind.Sql, "SELECT i AS id, i % 7 AS day, 'n' || i AS name FROM range(250000) t(i)", "numbers"),
            new("c1", NotebookCellKind.Csharp, "Console.WriteLine(\"hello\");\nint Ratio(int x)\n{\n    return 100 / x;\n}\nRatio(numbers.Take(1).Count() - 1)"),
            new("m1", NotebookCellKind.Markdown, "# A title\n<script>alert(1)</script> [bad](javascript:alert(1))"));
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Shift+Enter");
        await Cell(page, 1).Locator(".grid td.number").First.WaitForAsync();
        await Assertions.Expect(Cell(page, 2)).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("selected"));
        await page.Keyboard.PressAsync("Control+Enter");
        var failure = Cell(page, 2).Locator(".out-failure");
        await failure.WaitForAsync();
        Assert.Contains("System.DivideByZeroException: Attempted to divide by zero.", (await failure.InnerTextAsync()).Replace("\n", " "), StringComparison.Ordinal);
        await Assertions.Expect(Cell(page, 2).Locator(".out-text")).ToHaveTextAsync("hello\n");
        await failure.GetByRole(AriaRole.Button, new() { Name = "line 4" }).ClickAsync();
        await Assertions.Expect(Cell(page, 2).Locator(".active-line-number")).ToHaveTextAsync("4");

        // The rest of the rows is in the kernel: counted, sorted, filtered, described there.
        var result = Cell(page, 1).Locator(".result");
        await Assertions.Expect(result.Locator(".result-bar")).ToContainTextAsync("1–100 of many");
        await result.GetByRole(AriaRole.Button, new() { Name = "Count" }).ClickAsync();
        await Assertions.Expect(result.Locator(".result-bar")).ToContainTextAsync("1–100 of 250,000");
        await result.GetByRole(AriaRole.Button, new() { Name = "id BIGINT" }).ClickAsync();
        await result.GetByRole(AriaRole.Button, new() { Name = "id BIGINT" }).ClickAsync();
        await Assertions.Expect(result.Locator("tbody tr").First.Locator("td").Nth(1)).ToHaveTextAsync("249999");
        await result.GetByLabel("Filter rows").FillAsync("day = 3 and id < 20");
        await result.GetByLabel("Filter rows").PressAsync("Enter");
        await Assertions.Expect(result.Locator(".result-bar")).ToContainTextAsync("1–3 of 3");
        await result.GetByRole(AriaRole.Button, new() { Name = "Profile" }).ClickAsync();
        await result.Locator(".strip-bars rect").First.WaitForAsync();
        await Assertions.Expect(result.Locator(".strip-facts").First).ToContainTextAsync("no nulls");

        // Markdown can do nothing.
        await Assertions.Expect(Cell(page, 3).Locator(".cell-prose h1")).ToHaveTextAsync("A title");
        Assert.DoesNotContain("<script", await Cell(page, 3).Locator(".cell-prose").InnerHTMLAsync(), StringComparison.Ordinal);
        await Assertions.Expect(Cell(page, 3).Locator(".cell-prose a")).Not.ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("javascript"));
        await LookAsync(page, "notebook-run");
    }

    [Fact]
    public async Task Keys_OfJupyter_ChangeTheNotebookAndTheFile()
    {
        var (page, path) = await bench.NotebookAsync("keys", new NotebookCellText("a", NotebookCellKind.Csharp, "var one = 1;\nvar two = 2;"));
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.PressAsync("Control+Shift+Minus");
        await Cell(page, 2).Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("b");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(3);
        await page.Keyboard.PressAsync("m");
        await Assertions.Expect(Cell(page, 3)).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("markdown"));
        await page.Keyboard.PressAsync("Enter");
        await Cell(page, 3).Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.TypeAsync("# Words");
        await page.Keyboard.PressAsync("Shift+Enter");
        await Assertions.Expect(Cell(page, 3).Locator("h1")).ToHaveTextAsync("Words");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(4);
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("d");
        await page.Keyboard.PressAsync("d");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(3);
        await page.Keyboard.PressAsync("z");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(4);
        await Cell(page, 4).FocusAsync();
        await page.Keyboard.PressAsync("d");
        await page.Keyboard.PressAsync("d");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(3);
        await Cell(page, 1).FocusAsync();
        await page.Keyboard.PressAsync("Shift+M");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(2);
        await page.GetByText("saved", new() { Exact = true }).WaitForAsync();
        var saved = await bench.Client.NotebookAsync(path);
        Assert.Equal([(NotebookCellKind.Csharp, "var one = 1;\nvar two = 2;"), (NotebookCellKind.Markdown, "# Words")], saved.Cells.Select(c => (c.Kind, c.Source)));
        Assert.Equal("a", saved.Cells[0].Id);
    }

    [Fact]
    public async Task Editor_WhileTyping_CompletesAndMarksMistakes()
    {
        var (page, _) = await bench.NotebookAsync("editor", new NotebookCellText("a", NotebookCellKind.Csharp, "var list = new List<int> { 1 };\n"));
        await page.Locator(".pill", new() { HasText = "idle" }).First.WaitForAsync();
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync("list.OrderB");
        var choice = page.Locator(".suggest-widget.visible .monaco-list-row", new() { HasText = "OrderByDescending" });
        // A kernel that is still starting answers nothing at first: asked again, as a person would.
        for (var i = 0; i < 20 && !await choice.IsVisibleAsync(); i++)
        {
            await page.Keyboard.PressAsync("Control+Space");
            await Task.WhenAny(choice.WaitForAsync(), Task.Delay(3000, TestContext.Current.CancellationToken));
        }
        await choice.WaitForAsync();
        await LookAsync(page, "notebook-complete");
        await page.Keyboard.PressAsync("Escape");
        await Cell(page, 1).Locator(".squiggly-error").First.WaitForAsync();
    }

    [Fact]
    public async Task Reactive_ChangedCell_MarksAndRunsWhatDepends()
    {
        var (page, _) = await bench.NotebookAsync("reactive", new("a", NotebookCellKind.Sql, "SELECT 20 AS n", "base"), new("b", NotebookCellKind.Sql, "SELECT n + 1 AS m FROM base", "more"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Run all" }).ClickAsync();
        await Assertions.Expect(Cell(page, 2).Locator(".grid tbody td").Nth(1)).ToHaveTextAsync("21");
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("SELECT 41 AS n");
        await Cell(page, 2).Locator(".cell-stale").WaitForAsync();
        await Assertions.Expect(Cell(page, 2).Locator(".grid tbody td").Nth(1)).ToHaveTextAsync("21");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run stale 2" }).ClickAsync();
        await Assertions.Expect(Cell(page, 2).Locator(".grid tbody td").Nth(1)).ToHaveTextAsync("42");
        await Assertions.Expect(page.Locator(".cell-stale")).ToHaveCountAsync(0);
        await page.GetByText("Automatic").ClickAsync();
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("SELECT 99 AS n");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Cell(page, 2).Locator(".grid tbody td").Nth(1)).ToHaveTextAsync("100");
    }

    [Fact]
    public async Task Chart_OfAResult_DrawsAllItsPoints()
    {
        var (page, path) = await bench.NotebookAsync("chart", new NotebookCellText("a", NotebookCellKind.Sql, "SELECT i AS x, sin(i / 5000.0) + random() * 0.2 AS y FROM range(100000) t(i)", "wave"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Run all" }).ClickAsync();
        await Cell(page, 1).Locator(".grid td.number").First.WaitForAsync();
        await Cell(page, 1).HoverAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a chart of cell 1" }).ClickAsync();
        var chart = Cell(page, 2);
        await chart.GetByLabel("Shape").SelectOptionAsync("scatter");
        await chart.GetByLabel("X", new() { Exact = true }).SelectOptionAsync("x");
        await chart.GetByLabel("Y", new() { Exact = true }).SelectOptionAsync("y");
        await chart.Locator(".chart-host[data-drawn='100000']").WaitForAsync();
        var words = await chart.GetByText("100,000 points in").InnerTextAsync();
        TestContext.Current.TestOutputHelper!.WriteLine(words);
        await page.GetByText("saved", new() { Exact = true }).WaitForAsync();
        Assert.Contains("\"mark\": \"scatter\"", (await bench.Client.NotebookAsync(path)).Cells[1].Source, StringComparison.Ordinal);
        await LookAsync(page, "notebook-chart");
    }

    [Fact]
    public async Task File_ChangedByAnotherProgram_IsLoadedOrAskedAbout()
    {
        var (page, path) = await bench.NotebookAsync("disk", new NotebookCellText("a", NotebookCellKind.Sql, "SELECT 1", "r"));
        await Cell(page, 1).Locator(".view-line").First.WaitForAsync();
        var file = Path.Combine(bench.NotebookFolder, path);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("SELECT 1", "SELECT 'jupyter'", StringComparison.Ordinal));
        await Cell(page, 1).Locator(".view-line", new() { HasText = "'jupyter'" }).WaitForAsync();

        // With unsaved work of one's own it is a question.
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.TypeAsync(" -- mine");
        // Typed on and changed again until the page hears of a change while something is unsaved: what was saved before it is no question.
        var asked = page.GetByText("The file was changed on disk");
        for (var n = 0; !await asked.IsVisibleAsync(); n++)
        {
            Assert.True(n < 150, "The page never asked.");
            await page.Keyboard.PressAsync("End");
            await page.Keyboard.TypeAsync("e");
            await File.WriteAllTextAsync(file, System.Text.RegularExpressions.Regex.Replace(await File.ReadAllTextAsync(file), "SELECT '[^']*'", $"SELECT 'again {n}'"));
            await page.WaitForTimeoutAsync(400);
        }
        var typed = (await Cell(page, 1).Locator(".view-line").First.InnerTextAsync()).Replace('\u00a0', ' ');
        Assert.Matches("^SELECT '(jupyter|again \\d+)' -- minee*$", typed);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save mine over it" }).ClickAsync();
        await page.GetByText("saved", new() { Exact = true }).WaitForAsync();
        Assert.Equal(typed, (await bench.Client.NotebookAsync(path)).Cells[0].Source);
    }

    [Fact]
    public async Task Page_ClosedWhileACellRuns_FindsItAgain()
    {
        var (page, _) = await bench.NotebookAsync("again", new NotebookCellText("a", NotebookCellKind.Csharp, "for (var i = 1; i <= 40; i++) { Console.WriteLine($\"step {i}\"); await Task.Delay(100); }\nDisplay(Html(\"<b id='x'>bold</b><script>parent.alert(1)</script>\"));\n\"the end\""));
        await Cell(page, 1).Locator(".view-line").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Run cell 1" }).ClickAsync();
        await Cell(page, 1).Locator(".out-text", new() { HasText = "step 3" }).WaitForAsync();
        await page.ReloadAsync();
        await Cell(page, 1).Locator(".out-text", new() { HasText = "step 40" }).WaitForAsync();
        await Assertions.Expect(Cell(page, 1).Locator(".out-text").Last).ToContainTextAsync("the end");
        Assert.Equal("bold", await page.FrameLocator(".out-frame").Locator("#x").InnerTextAsync());
        // What a cell shows comes a moment before its end.
        await page.Locator(".pill.good", new() { HasText = "kernel · idle" }).WaitForAsync();
        await LookAsync(page, "notebook-again");
    }

    [Fact]
    public async Task Workbench_KilledWhileACellRuns_HurtsNeitherCellNorText()
    {
        var (page, path) = await bench.NotebookAsync("killed", new NotebookCellText("a", NotebookCellKind.Csharp, "for (var i = 1; i <= 60; i++) { Console.WriteLine($\"step {i}\"); await Task.Delay(100); }"));
        await Cell(page, 1).Locator(".view-line").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Run cell 1" }).ClickAsync();
        await Cell(page, 1).Locator(".out-text", new() { HasText = "step 2" }).WaitForAsync();
        var kernel = (await bench.Client.NotebookAsync(path)).Kernel.ProcessId;
        await bench.RestartWorkbenchAsync();
        // As after any restart the page is loaded anew, by itself or by its viewer.
        page = await bench.OpenAsync("/notebooks/killed");
        await Cell(page, 1).Locator(".out-text", new() { HasText = "step 60" }).WaitForAsync();
        // The last step is said a moment before the cell ends.
        var after = await bench.Client.NotebookAsync(path);
        for (var until = DateTime.UtcNow.AddSeconds(60); after.Cells[0].State == NotebookCellState.Running && DateTime.UtcNow < until; after = await bench.Client.NotebookAsync(path)) await Task.Delay(50);
        Assert.Equal((kernel, NotebookCellState.Succeeded), (after.Kernel.ProcessId, after.Cells[0].State));
    }

    [Fact]
    public async Task Typing_IsPaintedWithoutTheServer()
    {
        var (page, _) = await bench.NotebookAsync("typing", new NotebookCellText("a", NotebookCellKind.Sql, "SELECT 1", "r"));
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("End");
        var paints = await page.EvaluateAsync<double[]>("""
            async () => {
              const editor = document.querySelector('.monaco-editor textarea, .monaco-editor .native-edit-context');
              const line = () => document.querySelector('.view-line').textContent.length;
              const times = [];
              addEventListener('keydown', () => { window.__key = performance.now(); }, true);
              new MutationObserver(() => { if (window.__key) { const k = window.__key; window.__key = 0; requestAnimationFrame(() => times.push(performance.now() - k)); } }).observe(document.querySelector('.view-lines'), { childList: true, subtree: true, characterData: true });
              window.__times = times; return [line()];
            }
            """);
        Assert.Single(paints);
        for (var i = 0; i < 40; i++) await page.Keyboard.TypeAsync("x");
        var times = (await page.EvaluateAsync<double[]>("window.__times")).Order().ToArray();
        TestContext.Current.TestOutputHelper!.WriteLine($"key to paint: median {times[times.Length / 2]:0.0} ms, worst {times[^1]:0.0} ms of {times.Length}");
        // A busy machine paints late whatever is typed: how late, an empty page change in the same browser says.
        var frame = await page.EvaluateAsync<double>("""
            async () => {
              const times = [];
              for (let i = 0; i < 20; i++) { const from = performance.now(); await new Promise(r => setTimeout(() => requestAnimationFrame(r), 0)); times.push(performance.now() - from); }
              return times.sort((a, b) => a - b)[10];
            }
            """);
        Assert.True(times[times.Length / 2] < 50 + 2 * frame, $"The median is {times[times.Length / 2]} ms, and a bare frame takes {frame} ms.");
    }

    private static ILocator Cell(IPage page, int number) => page.Locator("[data-cell]").Nth(number - 1);

    /// <param name="expected">What the browser may have complained about.</param>
    private async Task LookAsync(IPage page, string name, string? expected = null)
    {
        Assert.Equal([], bench.ComplaintsOf(page).Where(c => expected is null || !c.Contains(expected, StringComparison.Ordinal)));
        if (Pictures is not { Length: > 0 }) return;
        foreach (var (theme, scheme) in new[] { ("dark", ColorScheme.Dark), ("light", ColorScheme.Light) })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await page.Locator($"html[data-theme={theme}]").WaitForAsync();
            await page.ScreenshotAsync(new() { Path = Path.Combine(Pictures, $"{name}-{theme}.png") });
        }
    }
}
