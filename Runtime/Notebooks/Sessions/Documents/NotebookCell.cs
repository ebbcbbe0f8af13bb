using System.Text.Json.Nodes;

namespace FlowForge.Notebooks.Sessions.Documents;

/// <summary>What a cell is.</summary>
public enum NotebookCellKind { Sql, CSharp, Markdown, Raw }

/// <summary>
/// A cell of a document: a view of its JSON, of which everything that FlowForge does not know is kept. Not thread-safe.
/// </summary>
public sealed class NotebookCell
{
    private readonly string _defaultLanguage;

    internal NotebookCell(JsonObject json, string defaultLanguage)
    {
        Json = json;
        _defaultLanguage = defaultLanguage;
    }

    /// <summary>The cell as it is stored.</summary>
    public JsonObject Json { get; }

    /// <summary>Stays the same for the cell's life; 1 to 64 of <c>a-z A-Z 0-9 - _</c>.</summary>
    public string Id => Json["id"]?.GetValue<string>() ?? "";

    /// <summary>The cell's metadata; made when missing.</summary>
    public JsonObject Metadata
    {
        get
        {
            if (Json["metadata"] is not JsonObject metadata) Json["metadata"] = metadata = [];
            return metadata;
        }
    }

    /// <summary>From nbformat's cell type, and for code from the metadata of FlowForge, VS Code or Polyglot Notebooks, or else the notebook's language.</summary>
    public NotebookCellKind Kind => Json["cell_type"]?.GetValue<string>() switch
    {
        "markdown" => NotebookCellKind.Markdown,
        "raw" => NotebookCellKind.Raw,
        _ => Language() is "sql" ? NotebookCellKind.Sql : NotebookCellKind.CSharp,
    };

    /// <summary>Line breaks are <c>\n</c>.</summary>
    public string Source
    {
        get => NotebookFormat.Joined(Json["source"]);
        set
        {
            if (value != Source) Json["source"] = NotebookFormat.Lines(value.ReplaceLineEndings("\n"));
        }
    }

    /// <summary>Name of a SQL cell's result, or null.</summary>
    public string? ResultName
    {
        get => Metadata["flowforge"]?["result"]?.GetValue<string>();
        set
        {
            if (value == ResultName) return;
            var own = Own();
            if (value is null) own.Remove("result");
            else own["result"] = value;
        }
    }

    /// <summary>Number of the execution that gave the outputs, or null.</summary>
    public int? ExecutionCount
    {
        get => Json["execution_count"]?.GetValue<int>();
        set => Json["execution_count"] = value;
    }

    /// <summary>The outputs as nbformat has them; only of code cells.</summary>
    public JsonArray Outputs
    {
        get
        {
            if (Json["outputs"] is not JsonArray outputs) Json["outputs"] = outputs = [];
            return outputs;
        }
    }

    /// <summary>Puts what an execution gave in place of what was there.</summary>
    public void SetOutputs(CellOutputs outputs)
    {
        ExecutionCount = outputs.ExecutionCount;
        Json["outputs"] = outputs.ToJson();
    }

    internal void SetLanguage(NotebookCellKind kind)
    {
        if (kind is not (NotebookCellKind.Sql or NotebookCellKind.CSharp)) return;
        var language = kind == NotebookCellKind.Sql ? "sql" : "csharp";
        Own()["language"] = language;
        // VS Code colours cells by this.
        Metadata["vscode"] = new JsonObject { ["languageId"] = language };
    }

    private JsonObject Own()
    {
        if (Metadata["flowforge"] is not JsonObject own) Metadata["flowforge"] = own = [];
        return own;
    }

    private string Language()
    {
        var metadata = Json["metadata"];
        var named = Text(metadata?["flowforge"], "language") ?? Text(metadata?["vscode"], "languageId")
            ?? Text(metadata?["polyglot_notebook"], "kernelName") ?? Text(metadata?["dotnet_interactive"], "language") ?? _defaultLanguage;
        return named.ToLowerInvariant();
    }

    private static string? Text(JsonNode? node, string name) => node is JsonObject json && json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
