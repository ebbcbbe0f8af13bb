using FlowForge.Contracts;
using FlowForge.Workbench.Parts;
using Microsoft.JSInterop;

namespace FlowForge.Workbench.Notebooks;

/// <summary>What the kernel says, and what it is told.</summary>
public sealed partial class NotebookBook
{
    private static readonly TimeSpan DrawPause = TimeSpan.FromMilliseconds(40);
    private readonly SemaphoreSlim _runs = new(1, 1);
    private bool _drawing, _drewAtOnce, _analyzing, _analyzeAgain;
    private int _chartVersion;
    private string? _moved;
    private bool _automatic;

    private async Task FollowAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var e in Api.WatchNotebookAsync(File, ct))
                await InvokeAsync(() => Hear(e));
        }
        catch (OperationCanceledException)
        {
            // The viewer left, or loads anew.
        }
        catch (FlowForgeApiException e)
        {
            await InvokeAsync(() =>
            {
                _error ??= _moved is null ? e : null;
                StateHasChanged();
            });
        }
    }

    private void Hear(NotebookEvent e)
    {
        _kernel = e.Kernel ?? _kernel;
        foreach (var live in e.Cells ?? (e.Cell is { } one ? [one] : []))
        {
            _book.Find(live.Id)?.Take(live);
            if (live.State is NotebookCellState.Succeeded) _chartVersion++;
        }
        if (e is { Type: NotebookEvent.Output, CellId: { } id, Index: { } index }) _book.Find(id)?.Take(index, e.Value, e.Added);
        if (e.Graph is { Cells.Count: > 0 } graph) Place(graph);
        if (e.Type == NotebookEvent.Moved) _moved = e.Path ?? "";
        if (e.Revision is { } revision && e.Type is NotebookEvent.RevisionChanged or NotebookEvent.Snapshot) _ = HearRevisionAsync(e.Revision);
        // The first rows of a cell are what somebody waits for.
        _ = DrawSoonAsync(atOnce: e is { Type: NotebookEvent.Output, Value.Table: not null });
    }

    /// <summary>However fast a cell writes, the page is drawn some twenty times a second, and once more in such a time for rows.</summary>
    private async Task DrawSoonAsync(bool atOnce = false)
    {
        if (_drawing)
        {
            if (!atOnce || _drewAtOnce) return;
            _drewAtOnce = true;
            StateHasChanged();
            return;
        }
        (_drawing, _drewAtOnce) = (true, false);
        StateHasChanged();
        await Task.Delay(DrawPause);
        _drawing = false;
        StateHasChanged();
    }

    private void Place(NotebookGraph graph)
    {
        var nodes = graph.Cells.ToDictionary(n => n.Id);
        var stale = graph.Stale.ToHashSet();
        foreach (var cell in _book.Cells) cell.Place(nodes.GetValueOrDefault(cell.Id), stale.Contains(cell.Id));
    }

    /// <summary>Asks how the cells hang together, one question at a time: a kernel that starts may take a minute. Never throws.</summary>
    private async Task AnalyzeSoonAsync()
    {
        _analyzeAgain = true;
        if (_analyzing) return;
        _analyzing = true;
        while (_analyzeAgain && !_life.IsCancellationRequested)
        {
            _analyzeAgain = false;
            try
            {
                await AnalyzeAsync();
            }
            catch (Exception e) when (e is FlowForgeApiException or OperationCanceledException or ObjectDisposedException)
            {
                // Marks of staleness are late; the next change asks again. Or the viewer left.
            }
        }
        _analyzing = false;
    }

    private async Task AnalyzeAsync()
    {
        var graph = await Api.AnalyzeNotebookAsync(File, new AnalyzeNotebook(Texts()), _life.Token);
        await InvokeAsync(() =>
        {
            Place(graph);
            StateHasChanged();
        });
    }

    internal async Task RunAsync(IReadOnlyList<CellModel> cells)
    {
        await FlushAsync();
        await _runs.WaitAsync();
        try
        {
            await AskKernelAsync(async () =>
            {
                var code = cells.Where(c => c.IsCode && !string.IsNullOrWhiteSpace(c.Source)).Select(c => c.Id).ToArray();
                if (code.Length > 0) await Api.RunNotebookAsync(File, new RunNotebook(code, Texts()), _life.Token);
            });
        }
        finally
        {
            _runs.Release();
        }
        foreach (var cell in cells.Where(c => c.Kind == NotebookCellKind.Markdown && c.Editing && c.Source.Trim().Length > 0)) cell.Edit(false);
        if (cells.Any(c => c.Kind == NotebookCellKind.Chart)) _chartVersion++;
        StateHasChanged();
    }

    private Task RunAllAsync() => RunAsync(_book.Cells);

    private async Task RunStaleAsync()
    {
        await FlushAsync();
        await AskKernelAsync(() => Api.RunNotebookAsync(File, new RunNotebook(null, Texts(), Stale: true), _life.Token));
    }

    internal Task InterruptAsync() => AskKernelAsync(() => Api.InterruptKernelAsync(File, _life.Token));

    private async Task RestartAsync()
    {
        await _restart!.CloseAsync();
        await AskKernelAsync(async () => _kernel = await Api.RestartKernelAsync(File, _life.Token));
    }

    private Task StopAsync() => AskKernelAsync(async () => _kernel = await Api.StopKernelAsync(File, _life.Token));

    private Task ClearAsync() => AskKernelAsync(async () =>
    {
        await Api.ClearOutputsAsync(File, new ClearOutputs(), _life.Token);
        foreach (var cell in _book.Cells.Where(c => c.State is not (NotebookCellState.Queued or NotebookCellState.Running)))
            cell.Take(new NotebookCellLive(cell.Id, NotebookCellState.Idle, null, null, null, null, []));
    });

    private Task ExportAsync(string format) => AskKernelAsync(async () =>
    {
        await FlushAsync();
        await SaveNowAsync();
        var text = await Api.ExportNotebookAsync(File, format, _life.Token);
        if (_module is not null) await _module.InvokeVoidAsync("download", $"{Title}.{format}", text, format switch { "html" => "text/html", "cs" => "text/plain", _ => "application/json" });
    });

    private async Task CopyLinkAsync()
    {
        if (_module is null) return;
        await _module.InvokeVoidAsync("copyText", Nav.ToAbsoluteUri(Links.Notebook(File) + (_selected is { } cell ? "#" + Uri.EscapeDataString(cell) : "")).ToString());
        _copied = true;
        StateHasChanged();
        await Task.Delay(TimeSpan.FromSeconds(4));
        _copied = false;
    }

    private async Task SetAutomaticAsync(bool on)
    {
        _automatic = on;
        Touch();
        await SaveNowAsync();
    }

    internal Task<NotebookProfile> ProfileAsync(string result) => Api.NotebookProfileAsync(File, result, _life.Token);

    /// <summary>What a chart may show: results of cells and tables that cells read.</summary>
    internal IReadOnlyList<string> ChartSources => [.. _book.Cells.Select(c => c.ResultName).OfType<string>().Concat(_book.Cells.SelectMany(c => c.Node?.Tables ?? [])).Distinct()];

    /// <summary>Another number when the rows behind a chart may be others.</summary>
    internal long ChartRound(CellModel chart) => _chartVersion;

    /// <summary>Columns of a result or of a table of the lake; none while it is not there.</summary>
    internal async Task<IReadOnlyList<NotebookColumn>> ColumnsOfAsync(string source)
    {
        if (_book.Cells.Find(c => c.ResultName == source)?.Outputs.Find(o => o.Table is not null)?.Table is { } table) return table.Columns;
        var dot = source.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0 || !Enum.TryParse<TableLayer>(source[..dot], ignoreCase: true, out var layer)) return [];
        try
        {
            return [.. (await Api.TableAsync(layer, source[(dot + 1)..], ct: _life.Token)).Columns.Select(c => new NotebookColumn(c.Name, c.Type))];
        }
        catch (FlowForgeApiException)
        {
            return [];
        }
    }

    /// <summary>A refusal is shown above the cells; the cells' own errors stand at the cells.</summary>
    private async Task AskKernelAsync(Func<Task> ask)
    {
        _saveError = null;
        try
        {
            await ask();
        }
        catch (FlowForgeApiException e)
        {
            _saveError = e;
        }
        catch (OperationCanceledException) when (_life.IsCancellationRequested)
        {
            // The viewer left.
        }
        StateHasChanged();
    }
}
