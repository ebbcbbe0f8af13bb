using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Sessions.Live;

/// <summary>Somebody else changed the file since the caller read it.</summary>
public sealed class NotebookConflictException(string revision, string message) : Exception(message)
{
    /// <summary>The file's revision now.</summary>
    public string Revision => revision;
}

public sealed partial class LiveNotebook
{
    /// <summary>The document as the file has it, with its revision.</summary>
    /// <exception cref="FileNotFoundException">The file is gone.</exception>
    /// <exception cref="FormatException">It is no notebook.</exception>
    public async Task<(NotebookDocument Document, string Revision)> ReadAsync(CancellationToken ct = default)
    {
        await _file.WaitAsync(ct);
        try
        {
            var document = _host.Folder.Read(Path);
            var revision = NotebookRevision.Of(document);
            Note(revision, isOurs: false, tell: false);
            IsAutomatic = document.IsAutomatic;
            return (document, revision);
        }
        finally
        {
            _file.Release();
        }
    }

    /// <summary>Writes the cells as an editor has them. Outputs in the file stay, those of cells that ran meanwhile are put in.</summary>
    /// <param name="expected">The revision that the editor began with; null overwrites whatever is there.</param>
    /// <returns>The new revision.</returns>
    /// <exception cref="NotebookConflictException">The file has another revision.</exception>
    public async Task<string> SaveAsync(IReadOnlyList<CellEdit> cells, bool automatic, string? expected, CancellationToken ct = default)
    {
        await _file.WaitAsync(ct);
        try
        {
            var document = _host.Folder.Read(Path);
            var before = NotebookRevision.Of(document);
            if (expected is not null && expected != before)
                throw new NotebookConflictException(before, $"{Path} was changed on disk since it was opened here, by another window or another program.");
            document.Apply(cells);
            document.IsAutomatic = IsAutomatic = automatic;
            var after = NotebookRevision.Of(document);
            var put = PutOutputs(document);
            if (after != before || put.Count > 0) _host.Folder.Write(Path, document);
            lock (_gate) put.ForEach(c => c.Put());
            Note(after, isOurs: true, tell: after != before);
            return after;
        }
        finally
        {
            _file.Release();
        }
    }

    /// <summary>Puts the outputs of cells that ran into the file.</summary>
    private Task KeepOutputsAsync()
    {
        var put = new List<LiveCell>();
        return ChangeFileAsync(document => put.AddRange(PutOutputs(document)), () => put.ForEach(c => c.Put()));
    }

    private async Task ChangeFileAsync(Action<NotebookDocument> change, Action? written = null)
    {
        await _file.WaitAsync();
        try
        {
            var document = _host.Folder.Read(Path);
            change(document);
            _host.Folder.Write(Path, document);
            lock (_gate)
            {
                _fileTime = _host.Folder.Modified(Path);
                written?.Invoke();
            }
        }
        catch (Exception e) when (e is IOException or FormatException or UnauthorizedAccessException)
        {
            // The file is gone or broken: the outputs stay with this notebook and go into the next file that is saved.
        }
        finally
        {
            _file.Release();
        }
    }

    private List<LiveCell> PutOutputs(NotebookDocument document)
    {
        var put = new List<LiveCell>();
        lock (_gate)
        {
            foreach (var cell in document.Cells)
            {
                if (cell.Json["outputs"] is null || !_cells.TryGetValue(cell.Id, out var live) || live.Kept is not { } kept || live.State is LiveState.Running) continue;
                cell.SetOutputs(kept);
                put.Add(live);
            }
        }
        return put;
    }

    /// <summary>Another program may have written the file.</summary>
    private void LookAtFile()
    {
        var time = _host.Folder.Modified(Path);
        lock (_gate)
        {
            if (time == _fileTime || _revision is null) return;
        }
        if (!_file.Wait(0)) return;
        try
        {
            Note(NotebookRevision.Of(_host.Folder.Read(Path)), isOurs: false, tell: true);
        }
        finally
        {
            _file.Release();
        }
    }

    private void Note(string revision, bool isOurs, bool tell)
    {
        var time = _host.Folder.Modified(Path);
        lock (_gate)
        {
            var changed = revision != _revision;
            (_revision, _fileTime) = (revision, time);
            if (tell && changed) TellLocked(new RevisionEvent(revision, isOurs));
        }
    }
}
