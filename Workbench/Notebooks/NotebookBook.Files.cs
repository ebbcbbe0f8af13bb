using FlowForge.Contracts;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace FlowForge.Workbench.Notebooks;

/// <summary>Files that are dropped on the page: they go to the upload area, where cells find them by name, and each gets a cell that reads it.</summary>
public sealed partial class NotebookBook
{
    private readonly List<DroppedFile> _files = [];
    private ElementReference _fileInput;
    private IJSObjectReference? _uploads, _watch;
    private DotNetObjectReference<NotebookBook>? _forFiles;

    private async Task WatchFilesAsync()
    {
        if (_forFiles is not null) return;
        _forFiles = DotNetObjectReference.Create(this);
        try
        {
            _uploads = await Js.InvokeAsync<IJSObjectReference>("import", "/lib/uploads.js");
            _watch = await _uploads.InvokeAsync<IJSObjectReference>("watch", _root, _fileInput, _forFiles);
            StateHasChanged();
        }
        catch (JSDisconnectedException)
        {
            // The viewer left at once.
        }
    }

    [JSInvokable]
    public void Started(int key, string name, long size)
    {
        _files.Add(new DroppedFile(key, name, size));
        StateHasChanged();
    }

    [JSInvokable]
    public void Moved(int key, long sent)
    {
        if (_files.Find(f => f.Key == key) is { } file) file.Sent = sent;
        StateHasChanged();
    }

    [JSInvokable]
    public async Task Ended(int key, string? error, string? path)
    {
        if (_files.Find(f => f.Key == key) is not { } file) return;
        if (error is null || error == "cancelled")
        {
            _files.Remove(file);
            if (error is null) await ReadAsync(file.Name);
        }
        else
        {
            (file.Error, file.IsThere) = (error, error.StartsWith("There is a file ", StringComparison.Ordinal));
        }
        StateHasChanged();
    }

    private async Task CancelFileAsync(DroppedFile file)
    {
        if (_watch is not null) await _watch.InvokeVoidAsync("cancel", file.Key);
    }

    private async Task ReadThereAsync(DroppedFile file)
    {
        _files.Remove(file);
        await ReadAsync(file.Name);
    }

    /// <summary>A cell behind the selected one, and its rows.</summary>
    private async Task ReadAsync(string name)
    {
        var (kind, source, result) = DroppedFile.FirstCell(name);
        var free = result;
        for (var n = 2; free is not null && _book.Cells.Exists(c => string.Equals(c.ResultName, free, StringComparison.OrdinalIgnoreCase)); n++) free = FormattableString.Invariant($"{result}_{n}");
        // The first file takes the place of an empty first cell.
        var empty = _book.Cells is [{ } only] && only.Kind == kind && string.IsNullOrWhiteSpace(only.Source) ? only : null;
        var cell = empty ?? _book.Insert(_book.IndexOf(_selected) + 1, kind, source, free);
        if (empty is not null)
        {
            empty.Write(source);
            empty.Name(free);
            StateHasChanged();
            await SetTextAsync(empty);
        }
        _selected = cell.Id;
        Touch();
        StateHasChanged();
        if (kind == NotebookCellKind.Sql) await RunAsync([cell]);
    }

    private async Task LeaveFilesAsync()
    {
        var (watch, uploads, self) = (_watch, _uploads, _forFiles);
        (_watch, _uploads, _forFiles) = (null, null, null);
        try
        {
            if (watch is not null)
            {
                await watch.InvokeVoidAsync("leave");
                await watch.DisposeAsync();
            }
            if (uploads is not null) await uploads.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The browser is gone, and its uploads with it.
        }
        self?.Dispose();
    }
}
