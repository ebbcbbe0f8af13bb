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
        GiveIds(root, cells);
        return new NotebookDocument(root, NotebookFormat.IndentOf(text));
    }

    /// <summary>The file's text.</summary>
    public string Write() => NotebookFormat.Write(_root, _indent);

    /// <summary>Adds a cell.</summary>
    /// <param name="index">Where; null: at the end.</param>
    public NotebookCell Insert(NotebookCellKind kind, string source = "", int? index = null)
    {
        var isCode = kind is NotebookCellKind.Sql or NotebookCellKind.CSharp;
        var json = new JsonObject { ["cell_type"] = isCode ? "code" : kind == NotebookCellKind.Markdown ? "markdown" : "raw" };
        if (isCode) json["execution_count"] = null;
        json["id"] = NewId();
        json["metadata"] = new JsonObject();
        if (isCode) json["outputs"] = new JsonArray();
        json["source"] = NotebookFormat.Lines(source.ReplaceLineEndings("\n"));
        var cell = new NotebookCell(json, Language);
        cell.SetLanguage(kind);
        var at = index ?? _cells.Count;
        CellArray.Insert(at, json);
        _cells.Insert(at, cell);
        return cell;
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
