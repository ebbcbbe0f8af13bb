namespace FlowForge.Pipelines;

/// <summary>A notebook that a job runs from its first cell to its last, in a kernel of its own.</summary>
public sealed record NotebookUse
{
    /// <summary>Below the workspace's <c>notebooks</c> folder, with or without <c>.ipynb</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The SQL result or C# collection whose rows become the table; null: the last SQL cell's. Only of a dataset.</summary>
    public string? Result { get; init; }

    /// <summary>Values of the notebook's parameters by name, as text; <c>${param.…}</c> and <c>${interval.…}</c> not filled in yet.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>What the file says; null while it has not been read (<see cref="PipelineDefinition.WithNotebooks"/>).</summary>
    public NotebookSource? Source { get; init; }
}

/// <summary>What a plan has to know of a notebook file.</summary>
/// <param name="Tables">Tables of the lake that its SQL cells read, with layer.</param>
/// <param name="Mentions">Names in its other code that look like tables of the lake; those that are none are of no account.</param>
/// <param name="Parameters">Names that its parameters cell sets.</param>
/// <param name="Code">Hash of what its cells say; outputs do not count.</param>
public sealed record NotebookSource(IReadOnlyList<string> Tables, IReadOnlyList<string> Mentions, IReadOnlyList<string> Parameters, string Code);

/// <summary>A job that runs a notebook for what it does and shows; it makes no table.</summary>
public sealed record NotebookJobDefinition
{
    public required string Name { get; init; }

    public required NotebookUse Notebook { get; init; }

    public string? Description { get; init; }

    /// <summary>Worker pool; null for the pipeline's.</summary>
    public string? Pool { get; init; }

    /// <summary>1-based line of its name in the file.</summary>
    public int Line { get; init; }

    /// <summary><c>notebook.daily_report</c>.</summary>
    public string Id => $"notebook.{Name}";
}
