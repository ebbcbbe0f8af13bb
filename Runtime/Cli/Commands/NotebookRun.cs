using System.Text.Json;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary>Runs a notebook from a terminal and prints what its cells show.</summary>
internal static class NotebookRun
{
    private const int MostRows = 20;

    public static async Task<int> RunAsync(CommandContext c, string path, bool keepKernel)
    {
        // Followed before it is started: nothing is missed.
        await using var events = c.Client.WatchNotebookAsync(path, c.Ct).GetAsyncEnumerator(c.Ct);
        await events.MoveNextAsync();
        var queued = (await c.Client.RunNotebookAsync(path, new RunNotebook(), c.Ct)).Ids;
        var states = queued.ToDictionary(id => id, _ => NotebookCellState.Queued);
        while (states.Values.Any(s => s is NotebookCellState.Queued or NotebookCellState.Running) && await events.MoveNextAsync())
        {
            foreach (var cell in events.Current.Cells ?? (events.Current.Cell is { } one ? [one] : []))
                if (states.ContainsKey(cell.Id)) states[cell.Id] = cell.State;
            if (!c.Json && events.Current is { Type: NotebookEvent.Output } output) Print(output);
        }
        var notebook = await c.Client.NotebookAsync(path, c.Ct);
        if (!keepKernel) await c.Client.StopKernelAsync(path, c.Ct);
        if (c.Json) c.Answer(notebook, _ => { });
        var failed = states.Values.Count(s => s is not NotebookCellState.Succeeded);
        if (!c.Json) Console.Error.WriteLine(failed == 0 ? $"{states.Count} cells ran." : $"{states.Count - failed} of {states.Count} cells ran; {failed} failed or did not run.");
        return failed == 0 ? 0 : 1;
    }

    private static void Print(NotebookEvent e)
    {
        if (e.Added is { } added)
        {
            Console.Out.Write(added);
            return;
        }
        switch (e.Value)
        {
            case { Failure: { } failure }:
                Console.Error.WriteLine($"cell {e.CellId}{(failure.Line is { } line ? $" line {line}" : "")}: {failure.Kind}: {failure.Message}");
                break;
            case { Table: { } table }:
                TextTable.Write(Console.Out, [.. table.Columns.Select(x => x.Name)], table.Rows.Take(MostRows).Select(r => r.Select(Cell).ToArray()));
                Console.Out.WriteLine(table.Total is { } total ? $"{Lines.Count(total)} rows" : $"first {Math.Min(MostRows, table.Rows.Count)} rows");
                break;
            case { Text: { } text }:
                Console.Out.Write(text);
                break;
            case { Content: { } content } when content.TryGetValue("text/plain", out var plain):
                Console.Out.WriteLine(plain);
                break;
        }
    }

    private static string? Cell(JsonElement value) => value.ValueKind switch { JsonValueKind.Null => "", JsonValueKind.String => value.GetString(), _ => value.GetRawText() };
}
