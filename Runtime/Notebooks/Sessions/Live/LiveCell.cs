using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Sessions.Live;

/// <summary>How it stands with a cell in the kernel of the moment.</summary>
public enum LiveState { Idle, Queued, Running, Succeeded, Failed, Interrupted }

/// <summary>What kind of thing a cell showed.</summary>
public enum LiveOutputKind { Text, ErrorText, Display, Table, Failure }

/// <summary>One thing that a cell showed. Immutable; what belongs to its kind is set.</summary>
public sealed record LiveOutput(LiveOutputKind Kind)
{
    /// <summary>Of text.</summary>
    public string? Text { get; init; }
    /// <summary>Of a display: by media type.</summary>
    public IReadOnlyDictionary<string, string>? Content { get; init; }
    public bool IsResult { get; init; }
    public LiveTable? Table { get; init; }
    public CellFailedNotification? Failure { get; init; }
}

/// <summary>A table that a cell showed, with its first rows.</summary>
/// <param name="Result">Handle for more rows; null when no kernel holds it any more.</param>
/// <param name="Reads">Lake tables with their versions, as <c>gold.delays@12</c>.</param>
public sealed record LiveTable(string? Result, string? Name, IReadOnlyList<TableColumn> Columns, IReadOnlyList<System.Text.Json.JsonElement> Rows, long? Total, IReadOnlyList<string> Reads);

/// <summary>A cell as it stands. Immutable.</summary>
/// <param name="Outputs">Null in events that do not change them.</param>
/// <param name="Note">Why it did not run, when it was asked to.</param>
public sealed record LiveCellView(string Id, LiveState State, int? ExecutionCount, DateTimeOffset? StartedAt, double? Milliseconds, IReadOnlyList<LiveOutput>? Outputs, string? Note);

/// <summary>What the kernel side knows about a cell. Guarded by its notebook's lock.</summary>
internal sealed class LiveCell(string id)
{
    /// <summary>Characters of text that are kept for viewers; the file and the event stream have more.</summary>
    private const int MostText = 512 << 10;

    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private TableNotification? _table;

    public string Id => id;
    public LiveState State { get; set; }
    public int? ExecutionCount { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public double? Milliseconds { get; set; }
    public string? Note { get; set; }
    public List<LiveOutput> Outputs { get; } = [];

    /// <summary>What the file is to get; null when it has everything.</summary>
    public CellOutputs? Kept { get; private set; }

    /// <summary>Grows with each cell that begins, over the whole notebook; 0 while it has not run in this kernel.</summary>
    public long RunNumber { get; set; }

    /// <summary>The text that ran last.</summary>
    public string? RanText { get; set; }

    public LiveCellView View(bool withOutputs) => new(id, State, ExecutionCount, StartedAt, Milliseconds, withOutputs ? [.. Outputs] : null, Note);

    public void Begin(long run, string text)
    {
        (State, RunNumber, RanText, StartedAt, Milliseconds, Note, ExecutionCount) = (LiveState.Running, run, text, DateTimeOffset.UtcNow, null, null, null);
        Outputs.Clear();
        _slots.Clear();
        _table = null;
        Kept = new CellOutputs();
    }

    /// <summary>The file has them now; what a later reader of the file puts there is not overwritten again.</summary>
    public void Put() => Kept = null;

    /// <summary>Takes one notification.</summary>
    /// <returns>The output that is new or changed with its number, and the text that was added to it when it is only that.</returns>
    public (int Index, LiveOutput Output, string? Added)? Take(KernelNotification word)
    {
        Kept?.Add(word);
        switch (word)
        {
            case CellStartedNotification started:
                ExecutionCount = started.ExecutionCount;
                return null;
            case TextNotification text:
                return Text(text.IsError ? LiveOutputKind.ErrorText : LiveOutputKind.Text, text.Text);
            case DisplayNotification display:
                var shown = new LiveOutput(LiveOutputKind.Display) { Content = display.Content, IsResult = display.IsResult };
                if (display.Slot is not { } slot) return Add(shown);
                if (!_slots.TryGetValue(slot, out var at))
                {
                    _slots[slot] = Outputs.Count;
                    return Add(shown);
                }
                Outputs[at] = shown;
                return (at, shown, null);
            case TableNotification table:
                _table = table;
                return null;
            case RowsNotification rows when _table is { } t && t.Result == rows.Result:
                return Add(new LiveOutput(LiveOutputKind.Table) { Table = new LiveTable(t.Result, t.Name, t.Columns, rows.Rows, rows.Total, t.Reads), IsResult = true });
            case CellFailedNotification failed:
                return Add(new LiveOutput(LiveOutputKind.Failure) { Failure = failed });
            case CellFinishedNotification finished:
                State = finished.State switch { CellState.Succeeded => LiveState.Succeeded, CellState.Failed => LiveState.Failed, _ => LiveState.Interrupted };
                Milliseconds = finished.Milliseconds > 0 ? finished.Milliseconds : (DateTimeOffset.UtcNow - StartedAt)?.TotalMilliseconds;
                return null;
            default:
                return null;
        }
    }

    /// <summary>The kernel is gone: what it held can no longer be paged, and nothing counts as run.</summary>
    public void Forget()
    {
        (RunNumber, RanText) = (0, null);
        if (State is LiveState.Succeeded) State = LiveState.Idle;
        for (var i = 0; i < Outputs.Count; i++)
            if (Outputs[i].Table is { } table) Outputs[i] = Outputs[i] with { Table = table with { Result = null } };
    }

    private (int, LiveOutput, string?)? Text(LiveOutputKind kind, string text)
    {
        if (Outputs.Count == 0 || Outputs[^1].Kind != kind) return Add(new LiveOutput(kind) { Text = text });
        var sofar = Outputs[^1].Text!;
        if (sofar.Length >= MostText) return null;
        if (sofar.Length + text.Length > MostText) text = text[..(MostText - sofar.Length)] + "\n… the rest is in the file.\n";
        Outputs[^1] = Outputs[^1] with { Text = sofar + text };
        return (Outputs.Count - 1, Outputs[^1], text);
    }

    private (int, LiveOutput, string?)? Add(LiveOutput output)
    {
        Outputs.Add(output);
        return (Outputs.Count - 1, output, null);
    }
}
