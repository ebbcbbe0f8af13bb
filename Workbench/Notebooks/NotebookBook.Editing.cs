using FlowForge.Contracts;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace FlowForge.Workbench.Notebooks;

/// <summary>What the viewer does with cells, by keys and by mouse, and the editors in the browser.</summary>
public sealed partial class NotebookBook
{
    private ElementReference _root;
    private IJSObjectReference? _module, _script;
    private DotNetObjectReference<NotebookBook>? _self;
    private readonly List<(CellModel Cell, ElementReference Host, string Label)> _waiting = [];
    private readonly List<(ElementReference Frame, string Html)> _waitingFrames = [];
    private (NotebookCellKind Kind, string Source)? _clipboard;
    private bool _finding;
    private string _needle = "";
    private List<(CellModel Cell, int Line, int Column)> _hits = [];
    private int _hit = -1;
    private bool _opening;

    private async Task OpenScriptAsync()
    {
        if (_opening) return;
        _opening = true;
        try
        {
            _self = DotNetObjectReference.Create(this);
            _module = await Js.InvokeAsync<IJSObjectReference>("import", "/lib/notebook.js");
            _script = await _module.InvokeAsync<IJSObjectReference>("open", _root, _self);
            foreach (var (cell, host, label) in _waiting) await AttachAsync(cell, host, label);
            _waiting.Clear();
            foreach (var (frame, html) in _waitingFrames) await FrameAsync(frame, html);
            _waitingFrames.Clear();
        }
        catch (JSDisconnectedException)
        {
            // The viewer left at once.
        }
        finally
        {
            _opening = false;
        }
    }

    private async Task CloseScriptAsync()
    {
        var (script, module, self) = (_script, _module, _self);
        (_script, _module, _self) = (null, null, null);
        _waiting.Clear();
        _waitingFrames.Clear();
        try
        {
            if (script is not null)
            {
                await script.InvokeVoidAsync("dispose");
                await script.DisposeAsync();
            }
            if (module is not null) await module.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The browser is gone and took the editors along.
        }
        self?.Dispose();
    }

    internal Task AttachAsync(CellModel cell, ElementReference host, string label)
    {
        if (_script is not null) return CallAsync("attach", cell.Id, host, new { text = cell.Source, language = cell.Language, label });
        _waiting.Add((cell, host, label));
        return Task.CompletedTask;
    }

    internal Task DetachAsync(string id) => CallAsync("detach", id);

    internal Task SetLanguageAsync(CellModel cell) => CallAsync("setLanguage", cell.Id, cell.Language);

    internal Task RevealAsync(CellModel cell, int line, int? column) => CallAsync("reveal", cell.Id, line, column);

    internal async Task FrameAsync(ElementReference frame, string html)
    {
        if (_module is not null) await _module.InvokeVoidAsync("frame", frame, html);
        else _waitingFrames.Add((frame, html));
    }

    private Task SetTextAsync(CellModel cell) => CallAsync("setText", cell.Id, cell.Source);

    private Task FocusAsync(CellModel? cell, bool edit) => cell is null ? Task.CompletedTask : CallAsync("focus", cell.Id, edit);

    private Task FlushAsync() => CallAsync("flush");

    private async Task CallAsync(string method, params object?[] arguments)
    {
        if (_script is null) return;
        try
        {
            await _script.InvokeVoidAsync(method, arguments);
        }
        catch (Exception e) when (e is JSDisconnectedException or TaskCanceledException)
        {
            // The browser is gone.
        }
    }

    [JSInvokable]
    public void OnText(string id, string text)
    {
        if (_book.Find(id) is not { } cell || cell.Source == text) return;
        cell.Typed(text);
        Touch();
        StateHasChanged();
    }

    [JSInvokable]
    public void OnFocus(string id)
    {
        if (_selected == id) return;
        _selected = id;
        StateHasChanged();
    }

    [JSInvokable]
    public Task<NotebookCompletions?> Complete(string id, string text, int position) => AskAsync(id, cell => Api.CompleteAsync(File, new NotebookQuestion(cell.Kind, text, position), _life.Token));

    [JSInvokable]
    public Task<NotebookHover?> Hover(string id, string text, int position) => AskAsync(id, cell => Api.HoverAsync(File, new NotebookQuestion(cell.Kind, text, position), _life.Token));

    [JSInvokable]
    public Task<NotebookSignatures?> Signatures(string id, string text, int position) => AskAsync(id, cell => Api.SignaturesAsync(File, new NotebookQuestion(cell.Kind, text, position), _life.Token));

    [JSInvokable]
    public async Task<object?> Diagnose(string id, string text, int position) =>
        (await AskAsync(id, cell => Api.DiagnoseAsync(File, new NotebookQuestion(cell.Kind, text), _life.Token)))?
            .Select(f => new { level = f.Level.ToString().ToLowerInvariant(), f.Code, f.Message, f.Line, f.Column, f.EndLine, f.EndColumn });

    [JSInvokable]
    public async Task OnCommand(string name, string id, string? text, int offset)
    {
        var cell = _book.Find(id) ?? _book.Find(_selected);
        if (cell is not null && text is not null && cell.Id == id && cell.Source != text)
        {
            cell.Typed(text);
            Touch();
        }
        if (name is "save" or "find" or "undo" || cell is null) await OfBookAsync(name);
        else await OfCellAsync(name, cell, offset);
        StateHasChanged();
    }

    private async Task OfBookAsync(string name)
    {
        switch (name)
        {
            case "save": await SaveNowAsync(); break;
            case "undo": await UndoAsync(); break;
            case "find":
                _finding = true;
                StateHasChanged();
                await CallAsync("focusFind");
                break;
        }
    }

    private async Task OfCellAsync(string name, CellModel cell, int offset)
    {
        var at = _book.IndexOf(cell.Id);
        switch (name)
        {
            case "run": _ = RunAsync([cell]); break;
            case "run-next":
                if (at == _book.Cells.Count - 1) await SelectAsync(Insert(at + 1, cell.Kind == NotebookCellKind.Csharp ? NotebookCellKind.Csharp : NotebookCellKind.Sql), edit: true);
                else await SelectAsync(_book.Cells[at + 1], edit: false);
                // The next key need not wait for the kernel; runs stay in their order.
                _ = RunAsync([cell]);
                break;
            case "run-insert":
                await SelectAsync(Insert(at + 1, cell.Kind == NotebookCellKind.Csharp ? NotebookCellKind.Csharp : NotebookCellKind.Sql), edit: true);
                _ = RunAsync([cell]);
                break;
            case "above": await SelectAsync(Insert(at, Like(cell)), edit: false); break;
            case "below": await SelectAsync(Insert(at + 1, Like(cell)), edit: false); break;
            case "delete": await DeleteAsync(cell); break;
            case "cut":
                _clipboard = (cell.Kind, cell.Source);
                await DeleteAsync(cell);
                break;
            case "copy": _clipboard = (cell.Kind, cell.Source); break;
            case "paste" or "paste-above" when _clipboard is { } held:
                _book.Insert(name == "paste" ? at + 1 : at, held.Kind, held.Source);
                Touch();
                await SelectAsync(_book.Cells[name == "paste" ? at + 1 : at], edit: false);
                break;
            case "to-markdown": await BecomeAsync(cell, "markdown"); break;
            case "to-code": await BecomeAsync(cell, cell.Kind == NotebookCellKind.Sql ? "csharp" : "sql"); break;
            case "fold": await FoldAsync(cell); break;
            case "fold-outputs": cell.FoldOutputs(); break;
            case "edit": await EditAsync(cell); break;
            case "render":
                if (cell.Source.Trim().Length > 0) cell.Edit(false);
                break;
            case "split":
                var second = _book.Split(cell, offset);
                Touch();
                await SetTextAsync(cell);
                await SelectAsync(second, edit: true);
                break;
            case "merge" when _book.MergeWithNext(cell):
                Touch();
                await SetTextAsync(cell);
                await SelectAsync(cell, edit: false);
                break;
        }
    }

    private static NotebookCellKind Like(CellModel cell) => cell.Kind is NotebookCellKind.Csharp or NotebookCellKind.Markdown ? cell.Kind : NotebookCellKind.Sql;

    private CellModel Insert(int index, NotebookCellKind kind)
    {
        var made = _book.Insert(index, kind);
        Touch();
        return made;
    }

    private Task InsertAsync(int index, string kind) => SelectAsync(Insert(index, Enum.Parse<NotebookCellKind>(kind, ignoreCase: true)), edit: kind != "chart");

    private async Task SelectAsync(CellModel? cell, bool edit)
    {
        _selected = cell?.Id;
        StateHasChanged();
        await FocusAsync(cell, edit);
    }

    internal async Task DeleteAsync(CellModel cell)
    {
        var next = _book.Delete(cell);
        Touch();
        await SelectAsync(next, edit: false);
    }

    internal async Task MoveAsync(CellModel cell, int by)
    {
        _book.Move(cell, by);
        Touch();
        await SelectAsync(cell, edit: false);
    }

    internal async Task BecomeAsync(CellModel cell, string kind)
    {
        if (!Enum.TryParse<NotebookCellKind>(kind, ignoreCase: true, out var wanted) || wanted == cell.Kind) return;
        await FlushAsync();
        _book.Become(cell, wanted);
        Touch();
        await SelectAsync(cell, edit: false);
    }

    internal Task NameAsync(CellModel cell, string? name)
    {
        cell.Name(name);
        Touch();
        StateHasChanged();
        return Task.CompletedTask;
    }

    internal async Task FoldAsync(CellModel cell)
    {
        await FlushAsync();
        cell.Fold(!cell.Folded);
        Touch();
        StateHasChanged();
    }

    internal void FoldOutputs(CellModel cell)
    {
        cell.FoldOutputs();
        StateHasChanged();
    }

    internal async Task EditAsync(CellModel cell)
    {
        if (cell.Kind == NotebookCellKind.Markdown) cell.Edit(true);
        StateHasChanged();
        await FocusAsync(cell, edit: true);
    }

    /// <summary>A text that a part of the page made, as a chart's choice.</summary>
    internal Task WriteAsync(CellModel cell, string text)
    {
        cell.Write(text);
        Touch();
        return Task.CompletedTask;
    }

    internal async Task ChartOfAsync(CellModel cell)
    {
        if (cell.ResultName is null) cell.Name(_book.FreeName());
        var spec = System.Text.Json.JsonSerializer.Serialize(new NotebookChart { Source = cell.ResultName! }, ContractsJson.Options);
        var made = _book.Insert(_book.IndexOf(cell.Id) + 1, NotebookCellKind.Chart, spec);
        Touch();
        await SelectAsync(made, edit: false);
    }

    internal async Task PromoteAsync(CellModel cell)
    {
        await FlushAsync();
        await _promote!.OpenAsync(cell, Texts());
    }

    internal Task TagAsync(CellModel cell)
    {
        cell.Tag(!cell.Parameters);
        // There is one parameters cell.
        foreach (var other in _book.Cells.Where(c => c != cell && c.Parameters && cell.Parameters)) other.Tag(false);
        Touch();
        StateHasChanged();
        return Task.CompletedTask;
    }

    private Task PromoteBookAsync() => AskKernelAsync(async () =>
    {
        // The pipeline reads the file.
        await FlushAsync();
        await SaveNowAsync();
        await _promoteBook!.OpenAsync();
    });

    private async Task UndoAsync()
    {
        await FlushAsync();
        var changed = _book.Undo();
        Touch();
        if (_book.Find(_selected) is null) _selected = _book.Cells.FirstOrDefault()?.Id;
        StateHasChanged();
        if (changed is not null) await SetTextAsync(changed);
        await FocusAsync(_book.Find(_selected), edit: false);
    }

    private void SetNeedle(string? needle)
    {
        _needle = needle ?? "";
        _hit = -1;
        _hits = _needle.Length == 0 ? [] : [.. _book.Cells.SelectMany(Hits)];
    }

    private IEnumerable<(CellModel, int, int)> Hits(CellModel cell)
    {
        for (var at = cell.Source.IndexOf(_needle, StringComparison.OrdinalIgnoreCase); at >= 0; at = cell.Source.IndexOf(_needle, at + Math.Max(1, _needle.Length), StringComparison.OrdinalIgnoreCase))
            yield return (cell, cell.Source.AsSpan(0, at).Count('\n') + 1, at == 0 ? 1 : at - cell.Source.LastIndexOf('\n', at - 1));
    }

    private async Task FindAsync(int by)
    {
        // The cells may have been changed since the last look.
        _hits = _needle.Length == 0 ? [] : [.. _book.Cells.SelectMany(Hits)];
        if (_hits.Count == 0) return;
        _hit = _hit < 0 ? (by > 0 ? 0 : _hits.Count - 1) : (Math.Min(_hit, _hits.Count - 1) + by + _hits.Count) % _hits.Count;
        var (cell, line, column) = _hits[_hit];
        _selected = cell.Id;
        if (cell.Folded) cell.Fold(false);
        if (cell.Kind == NotebookCellKind.Markdown) cell.Edit(true);
        StateHasChanged();
        await CallAsync("reveal", cell.Id, line, column, _needle.Length);
    }

    /// <summary>An editor's question; a kernel that cannot answer gives null.</summary>
    private async Task<T?> AskAsync<T>(string id, Func<CellModel, Task<T>> ask) where T : class
    {
        if (_book.Find(id) is not { } cell) return null;
        try
        {
            return await ask(cell);
        }
        catch (Exception e) when (e is FlowForgeApiException or OperationCanceledException)
        {
            return null;
        }
    }
}
