using System.Text.Json.Nodes;

namespace FlowForge.Notebooks.Sessions.Documents;

/// <summary>What a cell is. Only <see cref="Sql"/>, <see cref="CSharp"/> and <see cref="Chart"/> do something here; <see cref="Other"/> is code of another language, kept as it is.</summary>
public enum NotebookCellKind { Sql, CSharp, Markdown, Raw, Chart, Other }

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
        _ => Language() switch
        {
            "sql" => NotebookCellKind.Sql,
            "chart" => NotebookCellKind.Chart,
            "csharp" or "c#" or "cs" or ".net-csharp" => NotebookCellKind.CSharp,
            _ => NotebookCellKind.Other,
        },
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

    /// <summary>Its code is not shown; kept where Jupyter keeps it.</summary>
    public bool IsFolded
    {
        get => Json["metadata"]?["jupyter"]?["source_hidden"] is JsonValue v && v.TryGetValue<bool>(out var hidden) && hidden;
        set
        {
            if (value == IsFolded) return;
            if (Metadata["jupyter"] is not JsonObject jupyter) Metadata["jupyter"] = jupyter = [];
            if (value) jupyter["source_hidden"] = true;
            else jupyter.Remove("source_hidden");
            if (jupyter.Count == 0) Metadata.Remove("jupyter");
        }
    }

    /// <summary>Jupyter's tags of the cell.</summary>
    public IReadOnlyList<string> Tags => Json["metadata"]?["tags"] is JsonArray tags ? [.. tags.OfType<JsonValue>().Select(t => t.TryGetValue<string>(out var text) ? text : "").Where(t => t.Length > 0)] : [];

    /// <summary>Gives the cell a tag, or takes it away; the others stay.</summary>
    public void SetTag(string tag, bool on)
    {
        if (Tags.Contains(tag) == on) return;
        if (on)
        {
            if (Metadata["tags"] is not JsonArray tags) Metadata["tags"] = tags = [];
            tags.Add((JsonNode)tag);
            return;
        }
        var left = (JsonArray)Metadata["tags"]!;
        foreach (var gone in left.Where(t => t is JsonValue v && v.TryGetValue<string>(out var text) && text == tag).ToArray()) left.Remove(gone);
        if (left.Count == 0) Metadata.Remove("tags");
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

    /// <summary>Makes it a cell of another kind; outputs of what is no code any more go.</summary>
    internal void SetKind(NotebookCellKind kind)
    {
        if (kind == Kind || kind == NotebookCellKind.Other) return;
        var isCode = IsCode(kind);
        if (isCode != Json["cell_type"]?.GetValue<string>() is "code")
        {
            Json["cell_type"] = isCode ? "code" : kind == NotebookCellKind.Markdown ? "markdown" : "raw";
            if (isCode)
            {
                Json["execution_count"] = null;
                Json["outputs"] = new JsonArray();
                Json.Remove("attachments");
            }
            else
            {
                Json.Remove("execution_count");
                Json.Remove("outputs");
                foreach (var name in (string[])["language", "result"]) (Metadata["flowforge"] as JsonObject)?.Remove(name);
                if (Metadata["flowforge"] is JsonObject { Count: 0 }) Metadata.Remove("flowforge");
                Metadata.Remove("vscode");
            }
        }
        else if (!isCode)
        {
            Json["cell_type"] = kind == NotebookCellKind.Markdown ? "markdown" : "raw";
        }
        SetLanguage(kind);
    }

    internal static bool IsCode(NotebookCellKind kind) => kind is NotebookCellKind.Sql or NotebookCellKind.CSharp or NotebookCellKind.Chart;

    internal void SetLanguage(NotebookCellKind kind)
    {
        if (!IsCode(kind)) return;
        var language = kind switch { NotebookCellKind.Sql => "sql", NotebookCellKind.Chart => "chart", _ => "csharp" };
        Own()["language"] = language;
        // VS Code colours cells by this; a chart is written as JSON.
        Metadata["vscode"] = new JsonObject { ["languageId"] = language == "chart" ? "json" : language };
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
