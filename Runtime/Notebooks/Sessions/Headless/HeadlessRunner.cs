using System.Text.Json.Nodes;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Sessions.Headless;

/// <summary>
/// Runs notebooks from the first cell to the last, each in a kernel of its own that ends with the run, whatever happens. SQL and C# cells are run, charts and text are not;
/// the first cell that fails ends the run. Thread-safe.
/// </summary>
public sealed class HeadlessRunner(KernelPool pool)
{
    private static readonly string[] PassingErrors =
        ["System.Net.Http.HttpRequestException", "System.Net.Sockets.SocketException", "System.TimeoutException", "System.IO.IOException", "System.Net.WebException"];

    /// <exception cref="HeadlessException">A cell failed, its kernel ended, or the rows could not be had.</exception>
    /// <exception cref="ParameterException">A parameter is not there, or cannot have its value.</exception>
    /// <exception cref="KernelException">No kernel could be started.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the kernel is gone.</exception>
    public async Task<HeadlessOutcome> RunAsync(HeadlessRequest request, Action<HeadlessProgress>? progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var document = request.Document;
        NotebookParameters.Inject(document, request.Parameters);
        Clear(document);
        request.Keep(document);
        var cells = document.Cells.Where(c => IsRun(c) && !string.IsNullOrWhiteSpace(c.Source)).ToList();
        var reads = new SortedSet<string>(StringComparer.Ordinal);
        string? lastTable = null;
        await using var session = await NotebookSession.OpenOnceAsync(pool, ct);
        await session.PrepareAsync(request.Versions, request.Variables);
        for (var i = 0; i < cells.Count; i++)
        {
            progress?.Invoke(new HeadlessProgress(i + 1, cells.Count));
            var outputs = await RunAsync(session, cells[i], reads, table => lastTable = table, ct);
            cells[i].SetOutputs(outputs.Kept);
            request.Keep(document);
            ct.ThrowIfCancellationRequested();
            if (outputs.Kept.State is CellState.Succeeded) continue;
            var number = document.Cells.ToList().IndexOf(cells[i]) + 1;
            if (outputs.Failure is not { } failure) throw new HeadlessException(number, "Interrupted", "The cell was interrupted.", isPassing: true);
            throw new HeadlessException(number, failure.Kind, failure.Message + (failure.Line is { } line ? $" (line {line})" : ""), IsPassing(failure, session.LastDeath));
        }
        long? rows = request.RowsFile is { } file ? await StoreAsync(session, request, lastTable, file, ct) : null;
        return new HeadlessOutcome(cells.Count, rows, [.. reads], [.. document.Cells.Select((c, i) => (c, i)).Where(c => c.c.Kind == NotebookCellKind.Other).Select(c => c.i + 1)]);
    }

    private static async Task<(CellOutputs Kept, CellFailedNotification? Failure)> RunAsync(NotebookSession session, NotebookCell cell, SortedSet<string> reads, Action<string> table, CancellationToken ct)
    {
        var kept = new CellOutputs();
        CellFailedNotification? failure = null;
        var language = cell.Kind == NotebookCellKind.Sql ? CellLanguage.Sql : CellLanguage.CSharp;
        await foreach (var word in session.ExecuteAsync(cell.Id, language, cell.Source, cell.ResultName, ct: ct))
        {
            kept.Add(word);
            if (word is CellFailedNotification failed) failure = failed;
            if (word is not TableNotification shown) continue;
            reads.UnionWith(shown.Reads);
            table(shown.Result);
        }
        return (kept, failure);
    }

    private static async Task<long> StoreAsync(NotebookSession session, HeadlessRequest request, string? lastTable, string file, CancellationToken ct)
    {
        if (request.Result is null && lastTable is null)
            throw new HeadlessException(null, "No rows", "None of its SQL cells gave rows. Name a C# collection as the result, or end with a SELECT.");
        try
        {
            return await session.StoreAsync(request.Result, lastTable, file, ct);
        }
        catch (KernelException e)
        {
            ct.ThrowIfCancellationRequested();
            throw new HeadlessException(null, "Result", e.Message);
        }
    }

    /// <summary>A kernel that something outside ended, and what the network or a disk did, may go well the next time.</summary>
    private static bool IsPassing(CellFailedNotification failure, KernelEnd? end) => failure.Kind == "Kernel died" ? end is { Reason: KernelEndReason.Killed } : PassingErrors.Contains(failure.Kind);

    private static bool IsRun(NotebookCell cell) => cell.Kind is NotebookCellKind.Sql or NotebookCellKind.CSharp;

    /// <summary>Outputs of an earlier execution would look like this one's.</summary>
    private static void Clear(NotebookDocument document)
    {
        foreach (var cell in document.Cells.Where(c => c.Json["outputs"] is JsonArray))
        {
            cell.Json["outputs"] = new JsonArray();
            cell.ExecutionCount = null;
        }
    }
}
