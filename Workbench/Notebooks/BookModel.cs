using System.Security.Cryptography;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Notebooks;

/// <summary>The cells of the open page and what can be done with them; each structural change can be undone. Used by the page's circuit alone.</summary>
internal sealed class BookModel
{
    private const int MostUndos = 100;
    /// <summary>Each with what stood before it, and with what it wrote into cells taken back: that gives the cell.</summary>
    private readonly List<(string What, CellModel[] Cells, Func<CellModel>? TakeBack)> _undo = [];

    public List<CellModel> Cells { get; private set; } = [];

    public string? Undoable => _undo.Count > 0 ? _undo[^1].What : null;

    public CellModel? Find(string? id) => Cells.Find(c => c.Id == id);

    public int IndexOf(string? id) => Cells.FindIndex(c => c.Id == id);

    /// <summary>The file's cells. Those that were there before keep the viewer's look at them.</summary>
    public void Load(IEnumerable<NotebookCell> cells)
    {
        var before = Cells;
        Cells = [.. cells.Select(CellModel.Of)];
        foreach (var cell in Cells)
            if (before.Find(c => c.Id == cell.Id) is { } old) cell.LookLike(old);
        _undo.Clear();
    }

    public CellModel Insert(int index, NotebookCellKind kind, string source = "", string? result = null)
    {
        Keep("insert");
        return Add(index, kind, source, result);
    }

    public CellModel? Delete(CellModel cell)
    {
        Keep("delete");
        var at = Cells.IndexOf(cell);
        Cells.RemoveAt(at);
        if (Cells.Count == 0) Add(0, NotebookCellKind.Sql, "", FreeName());
        return Cells[Math.Min(at, Cells.Count - 1)];
    }

    public void Move(CellModel cell, int by)
    {
        var at = Cells.IndexOf(cell);
        var to = at + by;
        if (to < 0 || to >= Cells.Count) return;
        Keep("move");
        Cells.RemoveAt(at);
        Cells.Insert(to, cell);
    }

    /// <summary>Cuts a cell in two at a place of its text.</summary>
    /// <returns>The second one.</returns>
    public CellModel Split(CellModel cell, int offset)
    {
        offset = Math.Clamp(offset, 0, cell.Source.Length);
        var (whole, head, tail) = (cell.Source, cell.Source[..offset].TrimEnd('\n'), cell.Source[offset..].TrimStart('\n'));
        CellModel? second = null;
        // Parts that were typed in since are put together as they are now.
        Keep("split", () =>
        {
            cell.Write(cell.Source == head && second!.Source == tail ? whole : $"{cell.Source}\n{second!.Source}");
            return cell;
        });
        cell.Write(head);
        return second = Add(Cells.IndexOf(cell) + 1, cell.Kind, tail, null);
    }

    /// <summary>Puts the next cell's text below this one's, when both are of a kind.</summary>
    public bool MergeWithNext(CellModel cell)
    {
        var at = Cells.IndexOf(cell);
        if (at + 1 >= Cells.Count || Cells[at + 1].Kind != cell.Kind || cell.Kind == NotebookCellKind.Chart) return false;
        var (first, added) = (cell.Source, "\n" + Cells[at + 1].Source);
        // What was typed before the second cell's text stays; when that text is no longer the end, nothing is cut.
        Keep("merge", () =>
        {
            if (cell.Source.Length >= added.Length && cell.Source.EndsWith(added, StringComparison.Ordinal)) cell.Write(cell.Source[..^added.Length]);
            return cell;
        });
        cell.Write(first + added);
        Cells.RemoveAt(at + 1);
        return true;
    }

    public void Become(CellModel cell, NotebookCellKind kind)
    {
        var (was, name, parameters) = (cell.Kind, cell.ResultName, cell.Parameters);
        Keep("change of kind", () =>
        {
            cell.Become(was);
            cell.Name(name);
            cell.Tag(parameters);
            return cell;
        });
        cell.Become(kind);
        if (kind == NotebookCellKind.Sql) cell.Name(FreeName());
    }

    /// <summary>Takes the last structural change back, and nothing that was typed since.</summary>
    /// <returns>The cell whose text or kind changed by it.</returns>
    public CellModel? Undo()
    {
        if (_undo.Count == 0) return null;
        var (_, cells, takeBack) = _undo[^1];
        _undo.RemoveAt(_undo.Count - 1);
        var changed = takeBack?.Invoke();
        Cells = [.. cells];
        return changed;
    }

    /// <summary>The first of <c>result_1</c>, <c>result_2</c> … that no cell has.</summary>
    public string FreeName()
    {
        for (var n = 1; ; n++)
            if (!Cells.Exists(c => string.Equals(c.ResultName, $"result_{n}", StringComparison.OrdinalIgnoreCase))) return $"result_{n}";
    }

    private CellModel Add(int index, NotebookCellKind kind, string source, string? result)
    {
        var cell = new CellModel(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)), kind, source);
        if (kind == NotebookCellKind.Sql) cell.Name(result ?? FreeName());
        if (kind == NotebookCellKind.Markdown) cell.Edit(true);
        Cells.Insert(Math.Clamp(index, 0, Cells.Count), cell);
        return cell;
    }

    private void Keep(string what, Func<CellModel>? takeBack = null)
    {
        _undo.Add((what, [.. Cells], takeBack));
        if (_undo.Count > MostUndos) _undo.RemoveAt(0);
    }
}
