using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Sessions.Documents;

/// <summary>Collects a cell's notifications as the outputs that nbformat keeps. Not thread-safe.</summary>
public sealed class CellOutputs
{
    private readonly JsonArray _outputs = [];
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private TableNotification? _table;
    private System.Text.StringBuilder? _text;

    /// <summary>Of the kernel, once the cell has started.</summary>
    public int? ExecutionCount { get; private set; }

    /// <summary>How it ended, once it has.</summary>
    public CellState? State { get; private set; }

    public void Add(KernelNotification notification)
    {
        switch (notification)
        {
            case CellStartedNotification started:
                ExecutionCount = started.ExecutionCount;
                break;
            case TextNotification text:
                Stream(text.IsError ? "stderr" : "stdout", text.Text);
                break;
            case DisplayNotification display:
                if (display.Slot is { } slot && _slots.TryGetValue(slot, out var at)) _outputs[at]!["data"] = Data(display.Content);
                else Show(display.Content, display.IsResult);
                if (display.Slot is { } taken) _slots.TryAdd(taken, _outputs.Count - 1);
                break;
            case TableNotification table:
                _table = table;
                break;
            case RowsNotification rows when _table is { } table && table.Result == rows.Result:
                Show(TableMedia.Of(table.Columns, rows.Rows, rows.Total), isResult: true);
                break;
            case CellFailedNotification failed:
                Fail(failed);
                break;
            case CellFinishedNotification finished:
                State = finished.State;
                break;
        }
    }

    /// <summary>The outputs so far, as a new array.</summary>
    public JsonArray ToJson()
    {
        Flush();
        return (JsonArray)_outputs.DeepClone();
    }

    private void Stream(string name, string text)
    {
        if (_text is null || _outputs[^1]!["name"]!.GetValue<string>() != name)
        {
            Flush();
            _text = new System.Text.StringBuilder();
            _outputs.Add((JsonNode)new JsonObject { ["name"] = name, ["output_type"] = "stream", ["text"] = new JsonArray() });
        }
        _text.Append(text);
    }

    private void Show(IReadOnlyDictionary<string, string> content, bool isResult)
    {
        Flush();
        var output = new JsonObject { ["data"] = Data(content) };
        if (isResult) output["execution_count"] = ExecutionCount;
        output["metadata"] = new JsonObject();
        output["output_type"] = isResult ? "execute_result" : "display_data";
        _outputs.Add((JsonNode)output);
    }

    private static JsonObject Data(IReadOnlyDictionary<string, string> content)
    {
        var data = new JsonObject();
        foreach (var (type, text) in content.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            if (!type.EndsWith("json", StringComparison.Ordinal)) data[type] = type.StartsWith("image/", StringComparison.Ordinal) && type != "image/svg+xml" ? text : NotebookFormat.Lines(text);
            else if (TryParse(text, out var json)) data[type] = json;
        }
        return data;
    }

    // What only calls itself JSON is left out: the plain text beside it says the same.
    private static bool TryParse(string text, out JsonNode? json)
    {
        try
        {
            json = JsonNode.Parse(text, documentOptions: new System.Text.Json.JsonDocumentOptions { MaxDepth = 512 });
            return true;
        }
        catch (System.Text.Json.JsonException)
        {
            json = null;
            return false;
        }
    }

    private void Fail(CellFailedNotification failed)
    {
        Flush();
        var place = failed.Line is { } line ? $"line {line}{(failed.Column is { } column ? $", column {column}" : "")}: " : "";
        var trace = new JsonArray { (JsonNode)$"{failed.Kind}: {place}{failed.Message}" };
        foreach (var frame in failed.Trace) trace.Add((JsonNode)("  at " + frame));
        _outputs.Add((JsonNode)new JsonObject { ["ename"] = failed.Kind, ["evalue"] = place + failed.Message, ["output_type"] = "error", ["traceback"] = trace });
    }

    private void Flush()
    {
        if (_text is null) return;
        _outputs[^1]!["text"] = NotebookFormat.Lines(_text.ToString());
        _text = null;
    }
}
