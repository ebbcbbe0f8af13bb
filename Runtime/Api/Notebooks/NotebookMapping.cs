using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Contracts;
using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions;
using FlowForge.Notebooks.Sessions.Documents;
using FlowForge.Notebooks.Sessions.Live;
using DocumentKind = FlowForge.Notebooks.Sessions.Documents.NotebookCellKind;
using NotebookCell = FlowForge.Contracts.NotebookCell;
using NotebookCellKind = FlowForge.Contracts.NotebookCellKind;

namespace FlowForge.Api.Notebooks;

/// <summary>Notebooks in the words of the API.</summary>
internal static class NotebookMapping
{
    public static NotebookKernel ToKernel(LiveKernel kernel) => new(kernel.State switch
    {
        null or KernelState.Closed => NotebookKernelState.None,
        KernelState.Starting => NotebookKernelState.Starting,
        KernelState.Busy => NotebookKernelState.Busy,
        KernelState.Restarting => NotebookKernelState.Restarting,
        _ => NotebookKernelState.Idle
    }, kernel.ProcessId, kernel.Memory, kernel.MemoryLimit, kernel.StartedAt, kernel.Message, kernel.Viewers);

    public static NotebookKernel NoKernel(long memoryLimit) => new(NotebookKernelState.None, null, 0, memoryLimit, null, null, 0);

    /// <summary>A cell of the file with what the kernel knows about it.</summary>
    public static NotebookCell ToCell(FlowForge.Notebooks.Sessions.Documents.NotebookCell cell, LiveCellView? live) => new()
    {
        Id = cell.Id, Kind = ToKind(cell.Kind), Source = cell.Source, ResultName = cell.ResultName, Folded = cell.IsFolded, Parameters = cell.Tags.Contains(FlowForge.Notebooks.Sessions.Headless.NotebookParameters.Tag),
        State = live is null ? NotebookCellState.Idle : ToState(live.State), ExecutionCount = live?.ExecutionCount ?? cell.ExecutionCount, StartedAt = live?.StartedAt, Milliseconds = live?.Milliseconds, Note = live?.Note,
        Outputs = live is { Outputs: { } outputs } && (outputs.Count > 0 || live.State is not LiveState.Idle) ? [.. outputs.Select(ToOutput)] : Kept(cell)
    };

    public static NotebookCellLive ToLive(LiveCellView cell) =>
        new(cell.Id, ToState(cell.State), cell.ExecutionCount, cell.StartedAt, cell.Milliseconds, cell.Note, cell.Outputs is null ? null : [.. cell.Outputs.Select(ToOutput)]);

    public static NotebookGraph ToGraph(CellGraph graph, IReadOnlyList<string> stale) =>
        new([.. graph.Nodes.Select(n => new NotebookNode(n.Id, n.Writes, n.Reads, n.Tables, n.DependsOn, n.Problem))], stale);

    public static NotebookEvent ToEvent(LiveEvent e) => e switch
    {
        SnapshotEvent s => new NotebookEvent(NotebookEvent.Snapshot) { Kernel = ToKernel(s.Kernel), Cells = [.. s.Cells.Select(ToLive)], Graph = ToGraph(s.Graph, s.Stale), Revision = s.Revision },
        KernelEvent k => new NotebookEvent(NotebookEvent.KernelChanged) { Kernel = ToKernel(k.Kernel) },
        CellEvent c => new NotebookEvent(NotebookEvent.CellChanged) { Cell = ToLive(c.Cell) },
        OutputEvent o => new NotebookEvent(NotebookEvent.Output) { CellId = o.Cell, Index = o.Index, Value = o.Output is null ? null : ToOutput(o.Output), Added = o.Added },
        GraphEvent g => new NotebookEvent(NotebookEvent.GraphChanged) { Graph = ToGraph(g.Graph, g.Stale) },
        RevisionEvent r => new NotebookEvent(NotebookEvent.RevisionChanged) { Revision = r.Revision, Ours = r.IsOurs },
        MovedEvent m => new NotebookEvent(NotebookEvent.Moved) { Path = m.Path },
        _ => throw new ArgumentOutOfRangeException(nameof(e))
    };

    public static IReadOnlyList<JsonElement[]> ToRows(IReadOnlyList<JsonElement> rows) => [.. rows.Select(r => r.EnumerateArray().ToArray())];

    public static NotebookColumn ToColumn(FlowForge.Notebooks.Protocol.TableColumn column) => new(column.Name, column.Type);

    public static CellEdit ToEdit(NotebookCellText cell) => new(cell.Id, ToKind(cell.Kind), cell.Source, cell.ResultName, cell.Folded, cell.Parameters);

    /// <summary>What the kernel runs of it; null for cells that are no code.</summary>
    public static CellText? ToText(string id, DocumentKind kind, string source, string? result) => kind switch
    {
        DocumentKind.Sql => new CellText(id, CellLanguage.Sql, source, string.IsNullOrWhiteSpace(result) ? null : result.Trim()),
        DocumentKind.CSharp => new CellText(id, CellLanguage.CSharp, source),
        _ => null
    };

    public static CellLanguage? ToLanguage(NotebookCellKind kind) => kind switch { NotebookCellKind.Sql => CellLanguage.Sql, NotebookCellKind.Csharp => CellLanguage.CSharp, _ => null };

    public static DocumentKind ToKind(NotebookCellKind kind) => kind switch
    {
        NotebookCellKind.Sql => DocumentKind.Sql, NotebookCellKind.Csharp => DocumentKind.CSharp, NotebookCellKind.Markdown => DocumentKind.Markdown,
        NotebookCellKind.Chart => DocumentKind.Chart, NotebookCellKind.Raw => DocumentKind.Raw, _ => DocumentKind.Other
    };

    public static NotebookCellKind ToKind(DocumentKind kind) => kind switch
    {
        DocumentKind.Sql => NotebookCellKind.Sql, DocumentKind.CSharp => NotebookCellKind.Csharp, DocumentKind.Markdown => NotebookCellKind.Markdown,
        DocumentKind.Chart => NotebookCellKind.Chart, DocumentKind.Raw => NotebookCellKind.Raw, _ => NotebookCellKind.Other
    };

    private static NotebookCellState ToState(LiveState state) => (NotebookCellState)state;

    private static NotebookOutput ToOutput(LiveOutput output) => new()
    {
        Kind = (NotebookOutputKind)output.Kind, Text = output.Text, Content = Shown(output.Content), IsResult = output.IsResult,
        Table = output.Table is { } t ? new NotebookTable(t.Result, t.Name, [.. t.Columns.Select(ToColumn)], ToRows(t.Rows), t.Total, t.Reads)
            : output.Content is { } content && content.TryGetValue(TableMedia.Type, out var json) ? OfMedia(JsonNode.Parse(json)) : null,
        Failure = output.Failure is { } f ? new NotebookFailure(f.Kind, f.Message, f.Line, f.Column, f.Trace) : null
    };

    /// <summary>A table's other forms are for readers that know no tables.</summary>
    private static IReadOnlyDictionary<string, string>? Shown(IReadOnlyDictionary<string, string>? content) => content is null || content.ContainsKey(TableMedia.Type) ? null : content;

    /// <summary>Outputs as a file keeps them, also those of other tools.</summary>
    private static IReadOnlyList<NotebookOutput> Kept(FlowForge.Notebooks.Sessions.Documents.NotebookCell cell)
    {
        if (cell.Json["outputs"] is not JsonArray outputs) return [];
        return [.. outputs.OfType<JsonObject>().Select(Kept).OfType<NotebookOutput>()];
    }

    private static NotebookOutput? Kept(JsonObject output)
    {
        switch (Text(output["output_type"]))
        {
            case "stream":
                return new NotebookOutput { Kind = Text(output["name"]) == "stderr" ? NotebookOutputKind.ErrorText : NotebookOutputKind.Text, Text = Joined(output["text"]) };
            case "error":
                var lines = output["traceback"] is JsonArray trace ? trace.Skip(1).Select(t => t?.ToString().Trim() ?? "").ToArray() : [];
                return new NotebookOutput { Kind = NotebookOutputKind.Failure, Failure = new NotebookFailure(Text(output["ename"]) ?? "Error", Text(output["evalue"]) ?? "", null, null, lines) };
            case "display_data" or "execute_result" when output["data"] is JsonObject data:
                if (OfMedia(data[TableMedia.Type]) is { } table) return new NotebookOutput { Kind = NotebookOutputKind.Table, Table = table, IsResult = true };
                return new NotebookOutput { Kind = NotebookOutputKind.Display, Content = data.Where(d => d.Value is not null).ToDictionary(d => d.Key, d => d.Key.EndsWith("json", StringComparison.Ordinal) ? d.Value!.ToJsonString() : Joined(d.Value)) };
            default:
                return null;
        }
    }

    private static NotebookTable? OfMedia(JsonNode? table)
    {
        if (table is not JsonObject) return null;
        try
        {
            var columns = table["columns"]?.Deserialize<List<NotebookColumn>>(ContractsJson.Options) ?? [];
            var rows = table["rows"]?.Deserialize<List<JsonElement[]>>(ContractsJson.Options) ?? [];
            return new NotebookTable(null, null, columns, rows, table["total"]?.GetValue<long>(), []);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null; // a file of somebody else may hold anything
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue v && v.TryGetValue<string>(out var text) ? text : null;

    private static string Joined(JsonNode? node) => node is JsonArray lines ? string.Concat(lines.Select(l => l?.ToString())) : node?.ToString() ?? "";
}
