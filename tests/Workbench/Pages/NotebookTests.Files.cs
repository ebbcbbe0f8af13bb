using System.Text;
using System.Text.RegularExpressions;
using FlowForge.Contracts;
using FlowForge.Workbench.Tests.Browser;
using Microsoft.Playwright;

namespace FlowForge.Workbench.Tests.Pages;

public sealed partial class NotebookTests
{
    [Fact]
    public async Task Files_AddedAndDropped_AreReadByACell_AndTheNotebookIsPromotedWithItsParameters()
    {
        var (page, path) = await bench.NotebookAsync("files", new NotebookCellText("p", NotebookCellKind.Csharp, "var least = 300;"), new("s", NotebookCellKind.Sql, "SELECT 1 AS n", "one"));
        await page.Locator(".book[data-files='ready']").WaitForAsync();
        await Cell(page, 2).FocusAsync();
        await Assertions.Expect(Cell(page, 2)).ToHaveClassAsync(new Regex("selected"));
        await page.GetByLabel("Add files").SetInputFilesAsync([new FilePayload { Name = "towns 2024.csv", MimeType = "text/csv", Buffer = Encoding.UTF8.GetBytes("name,people\nKiel,246\nBonn,335\n") }]);
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(3);
        await Assertions.Expect(Cell(page, 3).Locator(".grid tbody td").Nth(4)).ToHaveTextAsync("Bonn");
        await Assertions.Expect(Cell(page, 3).GetByLabel("Name of the result of cell 3")).ToHaveValueAsync("towns_2024");

        // Dropped: the browser hands the files over in the event.
        var data = await page.EvaluateHandleAsync("() => { const d = new DataTransfer(); d.items.add(new File(['[{\"id\": 7}]'], 'ids.json', { type: 'application/json' })); return d; }");
        await page.DispatchEventAsync(".book", "dragover", new { dataTransfer = data });
        await page.Locator(".book.over").WaitForAsync();
        await page.DispatchEventAsync(".book", "drop", new { dataTransfer = data });
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(4);
        await Assertions.Expect(Cell(page, 4).Locator(".grid tbody td").Nth(1)).ToHaveTextAsync("7");

        // A file of the name is there: nothing is overwritten unasked. The browser notes the refusal, too.
        const string Refused = "status of 409 (Conflict)";
        await page.GetByLabel("Add files").SetInputFilesAsync([new FilePayload { Name = "ids.json", MimeType = "application/json", Buffer = "[]"u8.ToArray() }]);
        await page.Locator(".book-file.bad", new() { HasText = "There is a file ids.json already." }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Read the one that is there" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-cell]")).ToHaveCountAsync(5);
        await Assertions.Expect(Cell(page, 5).GetByLabel("Name of the result of cell 5")).ToHaveValueAsync("ids_2");

        await Cell(page, 1).HoverAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Parameters in cell 1" }).ClickAsync();
        await Cell(page, 1).Locator(".cell-tag").WaitForAsync();
        await LookAsync(page, "notebook-files", Refused);
        await page.Locator(".menu summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Promote the notebook" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Promote the notebook" });
        await Assertions.Expect(dialog.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("files");
        await dialog.GetByLabel("Pipeline", new() { Exact = true }).FillAsync("from_notebook");
        await dialog.GetByLabel("Rows of").FillAsync("towns_2024");
        await dialog.GetByLabel("Schedule of the pipeline").FillAsync("0 6 * * *");
        await dialog.GetByLabel("least integer").FillAsync("many");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Show the change" }).ClickAsync();
        await dialog.GetByText("'many' is not.").WaitForAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Save the pipeline" })).ToBeDisabledAsync();
        await dialog.GetByLabel("least integer").FillAsync("250");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Show the change" }).ClickAsync();
        await dialog.Locator(".added", new() { HasText = "least: '250'" }).WaitForAsync();
        await dialog.GetByText("A run would do: gold.files").WaitForAsync();
        await LookAsync(page, "notebook-promote-book", Refused);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save the pipeline" }).ClickAsync();
        await page.ArriveAsync("/pipelines/from_notebook");
        Assert.Equal("pipeline: from_notebook\ngold:\n  files:\n    notebook: files\n    result: towns_2024\n    parameters:\n      least: '250'\nschedule:\n  cron: '0 6 * * *'\n", (await bench.Client.PipelineAsync("from_notebook")).Text);
        Assert.Equal([true, false, false, false, false], (await bench.Client.NotebookAsync(path)).Cells.Select(c => c.Parameters));
    }
}
