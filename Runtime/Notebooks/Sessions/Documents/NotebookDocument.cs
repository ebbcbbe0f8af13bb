using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace FlowForge.Notebooks.Sessions.Documents;

/// <summary>
/// An <c>.ipynb</c> file (nbformat 4), read and written without loss: what was not changed is written as it was read, metadata of other tools included.
/// Not thread-safe.
/// </summary>
public sealed class NotebookDocument
{
    private readonly JsonObject _root;
    private readonly List<NotebookCell> _cells;
    private readonly int _indent;

    private NotebookDocument(JsonObject root, int indent)
    {
        _root = root;
        _indent = indent;
        Language = root["metadata"]?["language_info"]?["name"]?.GetValue<string>() ?? root["metadata"]?["kernelspec"]?["language"]?.GetValue<string>() ?? "csharp";
        _cells = [.. CellArray.OfType<JsonObject>().Select(cell => new NotebookCell(cell, Language))];
    }

    /// <summary>The language of code cells that name none.</summary>
    public string Language { get; }

    public IReadOnlyList<NotebookCell> Cells => _cells;

    /// <summary>The notebook's metadata.</summary>
    public JsonObject Metadata => (JsonObject)_root["metadata"]!;

    private JsonArray CellArray => (JsonArray)_root["cells"]!;

    /// <summary>An empty notebook.</summary>
    public static NotebookDocument Create() => new(new JsonObject
    {
        ["cells"] = new JsonArray(),
        ["metadata"] = new JsonObject
        {
            ["kernelspec"] = new JsonObject { ["display_name"] = "FlowForge", ["language"] = "C#", ["name"] = "flowforge" },
            ["language_info"] = new JsonObject { ["file_extension"] = ".cs", ["mimetype"] = "text/x-csharp", ["name"] = "csharp" },
        },
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
    }, indent: 1);

    /// <summary>Reads a file's text. Cells of an older minor version without an id get one that is the same at each reading.</summary>
    /// <exception cref="FormatException">No notebook, or one of another major version; the message says which.</exception>
    public static NotebookDocument Parse(string text)
    {
        var root = NotebookFormat.Parse(text);
        var major = root["nbformat"] is JsonValue v && v.TryGetValue<int>(out var n) ? n : 0;
        if (major != 4) throw new FormatException(major == 0 ? "The file is no notebook: it has no number in 'nbformat'." : $"The notebook has nbformat {major}; only 4 is read. Convert it by: jupyter nbconvert --to notebook");
        if (root["cells"] is not JsonArray cells) throw new FormatException("The file is no notebook: it has no list of cells.");
        if (root["metadata"] is not JsonObject) root["metadata"] = new JsonObject();
        try
        {
            GiveIds(root, cells);
            var document = new NotebookDocument(root, NotebookFormat.IndentOf(text));
            // Odd shapes are found here, not when somebody looks.
            foreach (var cell in document.Cells) _ = (cell.Id, cell.Kind, cell.Source, cell.ResultName, cell.IsFolded, cell.Tags, cell.ExecutionCount);
            return document;
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidCastException or ArgumentException)
        {
            throw new FormatException($"The file is no notebook: something in it has another shape than nbformat says. {e.Message}", e);
        }
    }

    /// <summary>The file's text.</summary>
    public string Write() => NotebookFormat.Write(_root, _indent);

    /// <summary>Adds a cell.</summary>
    /// <param name="index">Where; null: at the end.</param>
    public NotebookCell Insert(NotebookCellKind kind, string source = "", int? index = null) => Insert(NewId(), kind, source, index ?? _cells.Count);

    private NotebookCell Insert(string id, NotebookCellKind kind, string source, int index)
    {
        var isCode = NotebookCell.IsCode(kind);
        var json = new JsonObject { ["cell_type"] = isCode ? "code" : kind == NotebookCellKind.Markdown ? "markdown" : "raw" };
        if (isCode) json["execution_count"] = null;
        json["id"] = id;
        json["metadata"] = new JsonObject();
        if (isCode) json["outputs"] = new JsonArray();
        json["source"] = NotebookFormat.Lines(source.ReplaceLineEndings("\n"));
        var cell = new NotebookCell(json, Language);
        cell.SetLanguage(kind);
        CellArray.Insert(index, json);
        _cells.Insert(index, cell);
        return cell;
    }

    /// <summary>
    /// Makes the notebook hold these cells in this order: those it has are changed only where they differ and keep everything else, new ones are added,
    /// cells that are not named go.
    /// </summary>
    /// <exception cref="FormatException">An id is none, or comes twice.</exception>
    public void Apply(IReadOnlyList<CellEdit> edits)
    {
        var byId = _cells.ToDictionary(c => c.Id, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var edit in edits)
        {
            if (edit.Id.Length is 0 or > 64 || edit.Id.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))) throw new FormatException($"'{edit.Id}' is no id of a cell: 1 to 64 of a-z A-Z 0-9 - _.");
            if (!seen.Add(edit.Id)) throw new FormatException($"Two cells have the id {edit.Id}.");
        }
        foreach (var gone in _cells.Where(c => !seen.Contains(c.Id)).ToArray()) Remove(gone);
        for (var i = 0; i < edits.Count; i++)
        {
            var edit = edits[i];
            if (!byId.TryGetValue(edit.Id, out var cell)) cell = Insert(edit.Id, edit.Kind, edit.Source, i);
            else if (_cells[i] != cell) Move(cell, i);
            cell.SetKind(edit.Kind);
            cell.Source = edit.Source;
            if (cell.Kind == NotebookCellKind.Sql || cell.ResultName is not null) cell.ResultName = string.IsNullOrWhiteSpace(edit.ResultName) ? null : edit.ResultName.Trim();
            cell.IsFolded = edit.IsFolded;
            if (edit.HasParameters is { } tagged) cell.SetTag(Headless.NotebookParameters.Tag, tagged);
        }
    }

    /// <summary>Cells that depend on one that ran are run as well, not only marked.</summary>
    public bool IsAutomatic
    {
        get => Metadata["flowforge"]?["automatic"] is JsonValue v && v.TryGetValue<bool>(out var on) && on;
        set
        {
            if (value == IsAutomatic) return;
            if (Metadata["flowforge"] is not JsonObject own) Metadata["flowforge"] = own = [];
            if (value) own["automatic"] = true;
            else own.Remove("automatic");
            if (own.Count == 0) Metadata.Remove("flowforge");
        }
    }

    /// <summary>Moves a cell to another place.</summary>
    public void Move(NotebookCell cell, int index)
    {
        Remove(cell);
        CellArray.Insert(index, cell.Json);
        _cells.Insert(index, cell);
    }

    /// <summary>Takes a cell out.</summary>
    /// <exception cref="ArgumentException">It is not of this document.</exception>
    public void Remove(NotebookCell cell)
    {
        if (!_cells.Remove(cell)) throw new ArgumentException($"Cell {cell.Id} is not of this document.", nameof(cell));
        CellArray.Remove(cell.Json);
    }

    private string NewId()
    {
        string id;
        do id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        while (_cells.Exists(c => c.Id == id));
        return id;
    }

    private static void GiveIds(JsonObject root, JsonArray cells)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < cells.Count; i++)
        {
            if (cells[i] is not JsonObject cell) throw new FormatException($"The file is no notebook: cell {i + 1} is no object.");
            if (cell["id"] is JsonValue known && known.TryGetValue<string>(out var id) && id.Length > 0 && taken.Add(id)) continue;
            var seed = NotebookFormat.Joined(cell["source"]);
            for (var n = 0; ; n++)
            {
                var made = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{i} {n} {seed}")).AsSpan(0, 4));
                if (!taken.Add(made)) continue;
                cell["id"] = made;
                break;
            }
            if (root["nbformat_minor"] is not JsonValue minor || !minor.TryGetValue<int>(out var number) || number < 5) root["nbformat_minor"] = 5;
        }
    }
}

/// <summary>A cell as an editor has it.</summary>
/// <param name="HasParameters">Whether it has the tag <c>parameters</c>; null leaves its tags as they are.</param>
public sealed record CellEdit(string Id, NotebookCellKind Kind, string Source, string? ResultName = null, bool IsFolded = false, bool? HasParameters = null);
