using System.Security.Cryptography;
using FlowForge.Contracts;

namespace FlowForge.Workbench.Notebooks;

/// <summary>The cells of the open page and what can be done with them; each structural change can be undone. Used by the page's circuit alone.</summary>
internal sealed class BookModel
{
    private const int MostUndos = 100;
    private readonly List<(string What, CellModel[] Cells, Dictionary<string, string> Texts)> _undo = [];

    public List<CellModel> Cells { get; private set; } = [];

    public string? Undoable => _undo.Count > 0 ? _undo[^1].What : null;

    public CellModel? Find(string? id) => Cells.Find(c => c.Id == id);

    public int IndexOf(string? id) => Cells.FindIndex(c => c.Id == id);

    public void Load(IEnumerable<NotebookCell> cells)
    {
        Cells = [.. cells.Select(CellModel.Of)];
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
        Keep("split");
        offset = Math.Clamp(offset, 0, cell.Source.Length);
        var (head, tail) = (cell.Source[..offset].TrimEnd('\n'), cell.Source[offset..].TrimStart('\n'));
        cell.Write(head);
        return Add(Cells.IndexOf(cell) + 1, cell.Kind, tail, null);
    }

    /// <summary>Puts the next cell's text below this one's, when both are of a kind.</summary>
    public bool MergeWithNext(CellModel cell)
    {
        var at = Cells.IndexOf(cell);
        if (at + 1 >= Cells.Count || Cells[at + 1].Kind != cell.Kind || cell.Kind == NotebookCellKind.Chart) return false;
        Keep("merge");
        cell.Write(cell.Source + "\n" + Cells[at + 1].Source);
        Cells.RemoveAt(at + 1);
        return true;
    }

    public void Become(CellModel cell, NotebookCellKind kind)
    {
        Keep("change of kind");
        cell.Become(kind);
        if (kind == NotebookCellKind.Sql) cell.Name(FreeName());
    }

    /// <summary>Takes the last structural change back.</summary>
    /// <returns>Cells whose text changed by it.</returns>
    public IReadOnlyList<CellModel> Undo()
    {
        if (_undo.Count == 0) return [];
        var (_, cells, texts) = _undo[^1];
        _undo.RemoveAt(_undo.Count - 1);
        Cells = [.. cells];
        var changed = Cells.Where(c => texts[c.Id] != c.Source && Touched(c)).ToList();
        foreach (var cell in changed) cell.Write(texts[cell.Id]);
        return changed;

        // Only texts that the change itself touched: what was typed since stays.
        bool Touched(CellModel c) => texts[c.Id].StartsWith(c.Source, StringComparison.Ordinal) || c.Source.StartsWith(texts[c.Id], StringComparison.Ordinal);
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

    private void Keep(string what)
    {
        _undo.Add((what, [.. Cells], Cells.ToDictionary(c => c.Id, c => c.Source)));
        if (_undo.Count > MostUndos) _undo.RemoveAt(0);
    }
}
