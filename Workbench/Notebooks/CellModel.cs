using FlowForge.Contracts;

namespace FlowForge.Workbench.Notebooks;

/// <summary>A cell of the open page: what the viewer wrote and what the kernel said about it. Used by the page's circuit alone.</summary>
public sealed class CellModel(string id, NotebookCellKind kind, string source)
{
    /// <summary>Characters of one text output that are drawn; the file has them all.</summary>
    private const int MostText = 100_000;

    public string Id => id;
    public NotebookCellKind Kind { get; private set; } = kind;
    public string Source { get; private set; } = source;
    public string? ResultName { get; private set; }
    public bool Folded { get; private set; }
    /// <summary>It has the tag <c>parameters</c>.</summary>
    public bool Parameters { get; private set; }
    public bool OutputsFolded { get; private set; }
    /// <summary>A Markdown cell shows its text, not what it makes.</summary>
    public bool Editing { get; private set; }
    public NotebookCellState State { get; private set; }
    public int? ExecutionCount { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }
    public double? Milliseconds { get; private set; }
    public string? Note { get; private set; }
    public List<NotebookOutput> Outputs { get; private set; } = [];
    public NotebookNode? Node { get; private set; }
    public bool Stale { get; private set; }

    /// <summary>Grows with each change that is to be drawn.</summary>
    public int Version { get; private set; }

    public bool IsCode => Kind is NotebookCellKind.Sql or NotebookCellKind.Csharp;

    /// <summary>Its text is in an editor of the browser.</summary>
    public bool HasEditor => !Folded && (IsCode || Kind is NotebookCellKind.Raw or NotebookCellKind.Other || (Kind == NotebookCellKind.Markdown && Editing));

    public string Language => Kind switch { NotebookCellKind.Sql => "sql", NotebookCellKind.Csharp => "csharp", NotebookCellKind.Markdown => "markdown", NotebookCellKind.Chart => "json", _ => "plaintext" };

    public static CellModel Of(NotebookCell cell)
    {
        var model = new CellModel(cell.Id, cell.Kind, cell.Source) { ResultName = cell.ResultName, Folded = cell.Folded, Parameters = cell.Parameters };
        model.Editing = cell.Kind == NotebookCellKind.Markdown && string.IsNullOrWhiteSpace(cell.Source);
        (model.State, model.ExecutionCount, model.StartedAt, model.Milliseconds, model.Note) = (cell.State, cell.ExecutionCount, cell.StartedAt, cell.Milliseconds, cell.Note);
        model.Outputs = [.. cell.Outputs];
        return model;
    }

    /// <summary>Loaded anew, it looks as the viewer left it.</summary>
    public void LookLike(CellModel before)
    {
        if (before.Kind != Kind) return;
        (OutputsFolded, Node, Stale) = (before.OutputsFolded, before.Node, before.Stale);
        Editing |= Kind == NotebookCellKind.Markdown && before.Editing;
    }

    public NotebookCellText ToText() => new(Id, Kind, Source, ResultName, Folded, Parameters);

    /// <summary>The text as the browser has it: nothing to draw.</summary>
    public void Typed(string text) => Source = text;

    public void Write(string text) => Change(() => Source = text);

    public void Name(string? result) => Change(() => ResultName = string.IsNullOrWhiteSpace(result) ? null : result.Trim());

    public void Fold(bool folded) => Change(() => Folded = folded);

    public void Tag(bool parameters) => Change(() => Parameters = parameters);

    public void FoldOutputs() => Change(() => OutputsFolded = !OutputsFolded);

    public void Edit(bool editing) => Change(() => Editing = editing);

    public void Become(NotebookCellKind kind) => Change(() =>
    {
        Kind = kind;
        Editing = kind == NotebookCellKind.Markdown;
        if (kind != NotebookCellKind.Sql) ResultName = null;
        if (!IsCode) Parameters = false;
        if (!IsCode) (Outputs, ExecutionCount, Milliseconds, State) = ([], null, null, NotebookCellState.Idle);
    });

    public void Place(NotebookNode? node, bool stale)
    {
        if (stale == Stale && node?.Problem == Node?.Problem && node?.DependsOn.SequenceEqual(Node?.DependsOn ?? []) != false)
        {
            Node = node;
            return;
        }
        Change(() => (Node, Stale) = (node, stale));
    }

    public void Take(NotebookCellLive live) => Change(() =>
    {
        (State, ExecutionCount, StartedAt, Milliseconds, Note) = (live.State, live.ExecutionCount ?? ExecutionCount, live.StartedAt, live.Milliseconds, live.Note);
        if (live.State == NotebookCellState.Running) ExecutionCount = live.ExecutionCount;
        if (live.Outputs is { } outputs) Outputs = [.. outputs];
    });

    public void Take(int index, NotebookOutput? output, string? added) => Change(() =>
    {
        if (added is not null && index < Outputs.Count)
        {
            var text = Outputs[index].Text + added;
            Outputs[index] = Outputs[index] with { Text = text.Length > MostText ? "… (the beginning is in the file)\n" + text[^(MostText - 10_000)..] : text };
        }
        else if (output is not null && index < Outputs.Count) Outputs[index] = output;
        else if (output is not null) Outputs.Add(output);
    });

    private void Change(Action act)
    {
        act();
        Version++;
    }
}
