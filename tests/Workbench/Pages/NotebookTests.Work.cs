using FlowForge.Contracts;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

public sealed partial class NotebookTests
{
    [Fact]
    public async Task Editor_OfCSharpAndSql_HelpsWithSignaturesTypesAndColumns()
    {
        var (page, _) = await bench.NotebookAsync("help", new("a", NotebookCellKind.Sql, "SELECT 7 AS carriers, 'x' AS carrier_name", "fleet"), new("b", NotebookCellKind.Csharp, "var total = Math.Round(2.5);\n"), new("c", NotebookCellKind.Sql, "SELECT carrier FROM fleet"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Run all" }).ClickAsync();
        await Assertions.Expect(Cell(page, 2).Locator(".cell-count")).ToHaveTextAsync("[2]");

        // Hover: the type and the signature.
        var hover = page.Locator(".monaco-hover:visible", new() { HasText = "Math.Round(double" });
        await AgainAsync(hover, async () =>
        {
            await page.Mouse.MoveAsync(640, 5);
            var at = await Cell(page, 2).Locator(".view-line").First.EvaluateAsync<double[]>("""
                line => {
                  const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
                  for (let node; (node = texts.nextNode());) {
                    const from = node.data.indexOf('Round');
                    if (from < 0) continue;
                    const range = document.createRange();
                    range.setStart(node, from); range.setEnd(node, from + 5);
                    const box = range.getBoundingClientRect();
                    return [box.x + box.width / 2, box.y + box.height / 2];
                  }
                }
                """);
            await page.Mouse.MoveAsync((float)at[0], (float)at[1], new() { Steps = 3 });
        });
        await LookAsync(page, "notebook-hover");
        await page.Mouse.MoveAsync(640, 5);

        // Signatures while the arguments are written.
        await Cell(page, 2).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync("Math.Pow(");
        var signature = page.Locator(".parameter-hints-widget.visible", new() { HasText = "double y" });
        await AgainAsync(signature, () => page.Keyboard.PressAsync("Control+Shift+Space"));
        await LookAsync(page, "notebook-signature");
        await page.Keyboard.PressAsync("Escape");

        // Columns of a result, by their own names.
        await Cell(page, 3).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Home");
        for (var i = 0; i < "SELECT carrier".Length; i++) await page.Keyboard.PressAsync("ArrowRight");
        var column = page.Locator(".suggest-widget.visible .monaco-list-row", new() { HasText = "carrier_name" });
        await AgainAsync(column, () => page.Keyboard.PressAsync("Control+Space"));
        await LookAsync(page, "notebook-complete-sql");
    }

    [Fact]
    public async Task Query_OfAHundredMillionRows_ShowsItsFirst_AndProgressIsDrawn_AndInterruptEndsACell()
    {
        var (page, _) = await bench.NotebookAsync("stream",
            new("a", NotebookCellKind.Sql, "SELECT i AS id, md5(i::VARCHAR) AS mark FROM range(100000000) t(i)", "big"),
            new("b", NotebookCellKind.Csharp, "Progress(3, 4, \"three of four\");\nDisplay(new[] { new { Town = \"Kiel\", People = 246 } });\nHtml(\"<b>bold words</b>\")"),
            new("c", NotebookCellKind.Sql, "SELECT sum(a.i * b.i) AS never FROM range(10000000) a(i), range(10000000) b(i)"));
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Shift+Enter");
        await Assertions.Expect(Cell(page, 1).Locator(".grid tbody td").Nth(1)).ToHaveTextAsync("0");
        await Assertions.Expect(Cell(page, 1).Locator(".result-bar")).ToContainTextAsync("1–100 of many");
        await page.Keyboard.PressAsync("Shift+Enter");
        await Cell(page, 2).GetByText("three of four").WaitForAsync();
        await Assertions.Expect(Cell(page, 2).GetByRole(AriaRole.Progressbar, new() { Name = "three of four" })).ToHaveAttributeAsync("aria-valuenow", "75");
        await Assertions.Expect(Cell(page, 2).Locator(".grid td.number").First).ToHaveTextAsync("246");
        await Assertions.Expect(Cell(page, 2).Locator(".result-bar")).Not.ToContainTextAsync("run the cell for more");
        // What a cell made of HTML has the theme's colours, also after a change of it.
        var words = Cell(page, 2).FrameLocator("iframe").Locator("body");
        foreach (var scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await page.Locator($"html[data-theme={scheme.ToString().ToLowerInvariant()}]").WaitForAsync();
            var panel = await page.Locator(".cell-box").First.EvaluateAsync<string>("b => getComputedStyle(b).backgroundColor");
            await Assertions.Expect(words).ToHaveCSSAsync("background-color", panel);
        }
        await page.Keyboard.PressAsync("Control+Enter");
        await Cell(page, 3).GetByRole(AriaRole.Button, new() { Name = "Interrupt cell 3" }).ClickAsync();
        await Cell(page, 3).GetByText("interrupted", new() { Exact = true }).WaitForAsync();
        await LookAsync(page, "notebook-stream");
        // The kernel lives, and the result with it: its last page is there at once.
        await Cell(page, 1).GetByRole(AriaRole.Button, new() { Name = "Count" }).ClickAsync();
        await Assertions.Expect(Cell(page, 1).Locator(".result-bar")).ToContainTextAsync("of 100,000,000");
    }

    [Fact]
    public async Task Kernel_ThatDies_IsExplained_AndFindFoldsAndMenuWork()
    {
        var (page, _) = await bench.NotebookAsync("die", new("a", NotebookCellKind.Csharp, "int F(int x) => F(x + 1) + 1;\nF(0)"), new("b", NotebookCellKind.Sql, "SELECT 'needle' AS found", "found"));
        await Cell(page, 1).GetByRole(AriaRole.Button, new() { Name = "Run cell 1" }).ClickAsync();
        await Cell(page, 1).GetByText("The cell ended the kernel with a stack overflow").WaitForAsync();
        await Cell(page, 2).GetByRole(AriaRole.Button, new() { Name = "Run cell 2" }).ClickAsync();
        await Assertions.Expect(Cell(page, 2).Locator(".grid tbody td").Nth(1)).ToHaveTextAsync("needle");
        await LookAsync(page, "notebook-crash");

        await Cell(page, 1).FocusAsync();
        await page.Keyboard.PressAsync("f");
        await page.GetByLabel("Find in the notebook").FillAsync("needle");
        await page.GetByText("1 found", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Match before" }).ClickAsync();
        await page.GetByText("1 of 1", new() { Exact = true }).WaitForAsync();
        await Cell(page, 2).Locator(".monaco-editor.focused").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Close", Exact = true }).ClickAsync();
        await Cell(page, 1).FocusAsync();
        await page.Keyboard.PressAsync("l");
        await Cell(page, 1).Locator(".cell-folded.mono").WaitForAsync();
        await page.Keyboard.PressAsync("o");
        await Cell(page, 1).GetByText("output folded").WaitForAsync();
        await LookAsync(page, "notebook-folded");

        // What is chosen closes the menu; so do Escape and a click elsewhere.
        var items = page.Locator(".menu-items");
        foreach (var leave in (Func<Task>[])[() => page.Keyboard.PressAsync("Escape"), () => page.Locator(".page-head h1").ClickAsync()])
        {
            await page.Locator(".menu summary").ClickAsync();
            await Assertions.Expect(items).ToBeVisibleAsync();
            await leave();
            await Assertions.Expect(items).ToBeHiddenAsync();
        }
        // The link leads to the cell that was selected.
        await Cell(page, 2).FocusAsync();
        await Assertions.Expect(Cell(page, 2)).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("selected"));
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.Locator(".menu summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the link" }).ClickAsync();
        await page.GetByText("link copied", new() { Exact = true }).WaitForAsync();
        var link = await page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        Assert.Equal($"{bench.Workbench.Url}notebooks/die#b", link);
        await page.GotoAsync("about:blank");
        await page.GotoAsync(link);
        await Assertions.Expect(Cell(page, 2)).ToBeFocusedAsync();
        await Assertions.Expect(Cell(page, 2)).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("selected"));

        await page.Locator(".menu summary").ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Export as HTML" }).ClickAsync());
        Assert.Equal("die.html", download.SuggestedFilename);
        await Assertions.Expect(items).ToBeHiddenAsync();
    }

    /// <summary>A kernel that is still starting answers nothing at first: asked again, as a person would.</summary>
    private static async Task AgainAsync(ILocator answer, Func<Task> ask)
    {
        for (var until = DateTime.UtcNow.AddSeconds(90); !await answer.First.IsVisibleAsync() && DateTime.UtcNow < until;)
        {
            await ask();
            await Task.WhenAny(answer.First.WaitForAsync(), Task.Delay(3000, TestContext.Current.CancellationToken));
        }
        await answer.First.WaitForAsync();
    }
}
