using FlowForge.Contracts;

namespace FlowForge.Workbench.Notebooks;

/// <summary>Keeps the file as the page is, and notices when somebody else writes it.</summary>
public sealed partial class NotebookBook
{
    private static readonly TimeSpan SavePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnalyzePause = TimeSpan.FromMilliseconds(400);
    private readonly SemaphoreSlim _saving = new(1, 1);
    private string _revision = "";
    private bool _changed, _conflict, _refused;
    private Exception? _saveError;
    private int _touched;

    private string SaveWord => _conflict ? "not saved" : _changed || _saving.CurrentCount == 0 ? "saving…" : _loaded ? "saved" : "";

    /// <summary>Where the file is, also after somebody renamed it.</summary>
    private string SavedAs => _moved is { Length: > 0 } moved ? moved : File;

    /// <summary>Something is typed that no file has, and saving it is refused: leaving would lose it.</summary>
    private bool IsUnsaved => _changed && (_conflict || _refused);

    private NotebookCellText[] Texts() => [.. _book.Cells.Select(c => c.ToText())];

    /// <summary>Something is to be saved, a moment after the last change.</summary>
    private void Touch()
    {
        _changed = true;
        _ = LaterAsync(++_touched);
    }

    private async Task LaterAsync(int mine)
    {
        await Task.Delay(AnalyzePause);
        if (mine != _touched || _life.IsCancellationRequested) return;
        // Beside the saving: a kernel that starts, or hangs, keeps no text from the disk.
        _ = AnalyzeSoonAsync();
        await Task.Delay(SavePause - AnalyzePause);
        if (mine == _touched) await SaveNowAsync();
    }

    private async Task SaveNowAsync()
    {
        if (!_changed || _conflict || _life.IsCancellationRequested) return;
        await _saving.WaitAsync();
        try
        {
            if (!_changed) return;
            _changed = false;
            var saved = await Api.SaveNotebookAsync(SavedAs, new SaveNotebook(_revision, Texts(), _automatic), _life.Token);
            (_revision, _saveError, _refused) = (saved.Revision, null, false);
        }
        catch (FlowForgeApiException e) when (e.Problem.Code == "FF6010")
        {
            (_changed, _conflict) = (true, true);
        }
        catch (FlowForgeApiException e)
        {
            (_changed, _saveError, _refused) = (true, e, true);
            if (e.IsUnreachable) _ = AgainAsync();
        }
        catch (OperationCanceledException) when (_life.IsCancellationRequested)
        {
            _changed = true;
        }
        finally
        {
            _saving.Release();
        }
        StateHasChanged();
    }

    /// <summary>Saves what is left for whoever leaves: they cannot be told of a refusal any more, <see cref="IsUnsaved"/> asked before.</summary>
    private async Task SaveLastAsync()
    {
        if (!_loaded) return;
        await _saving.WaitAsync();
        try
        {
            if (_changed && !_conflict) await Api.SaveNotebookAsync(SavedAs, new SaveNotebook(_revision, Texts(), _automatic));
            _changed = false;
        }
        catch (FlowForgeApiException)
        {
            // The next visit shows the file as it is.
        }
        finally
        {
            _saving.Release();
        }
    }

    private async Task AgainAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(3));
        if (!_life.IsCancellationRequested) await InvokeAsync(SaveNowAsync);
    }

    /// <summary>The file has this revision now. Ours is heard before or after the answer to the save, so the save is waited for.</summary>
    private async Task HearRevisionAsync(string revision)
    {
        await _saving.WaitAsync();
        _saving.Release();
        if (revision == _revision || _conflict || _life.IsCancellationRequested) return;
        if (_changed) _conflict = true;
        else await ReloadAsync(mineToo: false);
        StateHasChanged();
    }

    /// <param name="mineToo">What was typed is given up. Otherwise what is typed while the file is read is a question, as what was typed before.</param>
    private async Task ReloadAsync(bool mineToo)
    {
        try
        {
            var theirs = await Api.NotebookAsync(SavedAs, _life.Token);
            // The last letters may be in the browser still.
            if (!mineToo) await FlushAsync();
            if (_changed && !mineToo)
            {
                _conflict = true;
                return;
            }
            var before = _book.Cells.ToDictionary(c => c.Id, c => c.Source);
            Take(theirs);
            (_changed, _conflict, _refused, _saveError) = (false, false, false, null);
            StateHasChanged();
            foreach (var cell in _book.Cells.Where(c => before.TryGetValue(c.Id, out var old) && old != c.Source)) await SetTextAsync(cell);
            _ = AnalyzeSoonAsync();
        }
        catch (FlowForgeApiException e)
        {
            _saveError = e;
        }
    }

    private Task TakeTheirsAsync() => ReloadAsync(mineToo: true);

    private async Task KeepMineAsync()
    {
        await _saving.WaitAsync();
        try
        {
            _changed = false;
            _revision = (await Api.SaveNotebookAsync(SavedAs, new SaveNotebook(null, Texts(), _automatic), _life.Token)).Revision;
            (_conflict, _refused, _saveError) = (false, false, null);
            // What was typed meanwhile found the question still open.
            if (_changed) Touch();
        }
        catch (FlowForgeApiException e)
        {
            (_changed, _saveError) = (true, e);
        }
        finally
        {
            _saving.Release();
        }
    }
}
