using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

public sealed partial class NotebookTests
{
    /// <summary>As a duplicate, it has the cells' ids of the notebook that is left; and an output that no open page ever saw made.</summary>
    private const string Twin = """
        {
         "cells": [
          { "cell_type": "code", "id": "a", "execution_count": 1, "metadata": {}, "source": ["// twin"],
            "outputs": [{ "output_type": "display_data", "metadata": {}, "data": { "text/html": ["<b id='x'>kept</b>"] } }] },
          { "cell_type": "markdown", "id": "m", "metadata": {}, "source": ["# Twin"] }
         ],
         "metadata": { "kernelspec": { "display_name": ".NET (C#)", "language": "C#", "name": ".net-csharp" }, "language_info": { "name": "C#" } },
         "nbformat": 4,
         "nbformat_minor": 5
        }
        """;

    [Fact]
    public async Task Notebook_LeftForItsTwin_IsSaved_AndNothingOfItIsInTheOther()
    {
        var file = Path.Combine(bench.NotebookFolder, "twin.ipynb");
        Directory.CreateDirectory(bench.NotebookFolder);
        await File.WriteAllTextAsync(file, Twin);
        var (page, left) = await bench.NotebookAsync("left", new("a", NotebookCellKind.Csharp, "// left"), new("m", NotebookCellKind.Markdown, "# Left"));
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync(" typed last");
        // As a hit of the search, before the letters are told.
        await page.EvaluateAsync("Blazor.navigateTo('/notebooks/twin')");
        await page.ArriveAsync("/notebooks/twin");
        await page.GetByRole(AriaRole.Heading, new() { Name = "twin", Exact = true, Level = 1 }).First.WaitForAsync();
        await Assertions.Expect(Cell(page, 1).Locator(".view-line").First).ToHaveTextAsync("// twin");
        await Assertions.Expect(Cell(page, 2).Locator("h1")).ToHaveTextAsync("Twin");
        // HTML that stands in the file is shown, though the editors' script came after it.
        await Assertions.Expect(page.FrameLocator(".out-frame").Locator("#x")).ToHaveTextAsync("kept");

        // Its keys and its saving are its own.
        await Cell(page, 1).Locator(".view-line").First.ClickAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync(" too");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(Cell(page, 1)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("b");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(3);
        await page.GetByText("saved", new() { Exact = true }).WaitForAsync();
        await SavedAsync("twin.ipynb", "// twin too", "", "# Twin");
        await SavedAsync(left, "// left typed last", "# Left");

        // Another program's change is drawn where nothing ran and nobody typed, too.
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("# Twin", "# Changed", StringComparison.Ordinal));
        await Assertions.Expect(Cell(page, 3).Locator("h1")).ToHaveTextAsync("Changed");

        await page.GoBackAsync();
        await page.ArriveAsync("/notebooks/left");
        await Assertions.Expect(Cell(page, 1).Locator(".view-line").First).ToHaveTextAsync("// left typed last");
        await Assertions.Expect(Cell(page, 2).Locator("h1")).ToHaveTextAsync("Left");
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(2);
        await LookAsync(page, "notebook-left");
    }

    /// <summary>Leaving saves behind the viewer's back: no word on a page says when it is done.</summary>
    private async Task SavedAsync(string path, params string[] texts)
    {
        var saved = await bench.Client.NotebookAsync(path);
        for (var until = DateTime.UtcNow.AddSeconds(60); !texts.SequenceEqual(saved.Cells.Select(c => c.Source)) && DateTime.UtcNow < until; saved = await bench.Client.NotebookAsync(path)) await Task.Delay(50);
        Assert.Equal(texts, saved.Cells.Select(c => c.Source));
    }
}
