using FlowForge.Contracts;

namespace FlowForge.Workbench.Notebooks;

/// <summary>Keeps the file as the page is, and notices when somebody else writes it.</summary>
public sealed partial class NotebookPage
{
    private static readonly TimeSpan SavePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnalyzePause = TimeSpan.FromMilliseconds(400);
    private readonly SemaphoreSlim _saving = new(1, 1);
    private string _revision = "";
    private bool _changed, _conflict;
    private Exception? _saveError;
    private int _touched;

    private string SaveWord => _conflict ? "not saved" : _changed ? "saving…" : _loaded ? "saved" : "";

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
        try
        {
            await AnalyzeAsync();
        }
        catch (Exception e) when (e is FlowForgeApiException or OperationCanceledException)
        {
            // Marks of staleness are late; the next change asks again.
        }
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
            var saved = await Api.SaveNotebookAsync(File, new SaveNotebook(_revision, Texts(), _automatic), _life.Token);
            (_revision, _saveError) = (saved.Revision, null);
        }
        catch (FlowForgeApiException e) when (e.Problem.Code == "FF6010")
        {
            (_changed, _conflict) = (true, true);
        }
        catch (FlowForgeApiException e)
        {
            (_changed, _saveError) = (true, e);
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
        else await ReloadAsync();
        StateHasChanged();
    }

    private async Task ReloadAsync()
    {
        try
        {
            var before = _book.Cells.ToDictionary(c => c.Id, c => c.Source);
            Take(await Api.NotebookAsync(File, _life.Token));
            (_changed, _conflict) = (false, false);
            StateHasChanged();
            foreach (var cell in _book.Cells.Where(c => before.TryGetValue(c.Id, out var old) && old != c.Source)) await SetTextAsync(cell);
            await AnalyzeAsync();
        }
        catch (FlowForgeApiException e)
        {
            _saveError = e;
        }
    }

    private Task TakeTheirsAsync() => ReloadAsync();

    private async Task KeepMineAsync()
    {
        try
        {
            _revision = (await Api.SaveNotebookAsync(File, new SaveNotebook(null, Texts(), _automatic), _life.Token)).Revision;
            (_changed, _conflict) = (false, false);
        }
        catch (FlowForgeApiException e)
        {
            _saveError = e;
        }
    }
}
