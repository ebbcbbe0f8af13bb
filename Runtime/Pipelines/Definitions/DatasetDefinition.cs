namespace FlowForge.Pipelines;

/// <summary>One silver or gold table made by SQL or by a notebook.</summary>
public sealed record DatasetDefinition
{
    /// <summary><c>silver</c> or <c>gold</c>.</summary>
    public required string Layer { get; init; }

    public required string Name { get; init; }

    /// <summary>Null for a dataset made by a notebook, and while <see cref="SqlFile"/> has not been read (<see cref="PipelineDefinition.WithSql"/>).</summary>
    public string? Sql { get; init; }

    /// <summary>Path relative to the pipeline's base directory.</summary>
    public string? SqlFile { get; init; }

    /// <summary>The notebook that makes the rows in place of SQL; null for none.</summary>
    public NotebookUse? Notebook { get; init; }

    public DatasetMode Mode { get; init; } = DatasetMode.Full;

    /// <summary>Key columns; set for <see cref="DatasetMode.Merge"/> and <see cref="DatasetMode.Scd2"/>.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Time column of <see cref="DatasetMode.Incremental"/>.</summary>
    public string? TimeColumn { get; init; }

    /// <summary>How far before the newest time of the table <see cref="DatasetMode.Incremental"/> begins anew, for rows that come late.</summary>
    public TimeSpan Lookback { get; init; }

    /// <summary>For <see cref="DatasetMode.Scd2"/>: things that the SQL does not give any more are closed.</summary>
    public bool CloseMissing { get; init; }

    public RebuildPolicy Rebuild { get; init; } = RebuildPolicy.Changed;

    /// <summary>Name of a transform plugin that the rows of the SQL go through; null for none.</summary>
    public string? Transform { get; init; }

    /// <summary>The transform's settings.</summary>
    public System.Text.Json.Nodes.JsonObject Config { get; init; } = [];

    /// <summary>The pipeline's macros, which the SQL may call.</summary>
    public IReadOnlyList<MacroDefinition> Macros { get; init; } = [];

    public IReadOnlyList<CheckDefinition> Checks { get; init; } = [];

    public IReadOnlyList<string> PartitionBy { get; init; } = [];

    public string? Description { get; init; }

    /// <summary>1-based line of the dataset's name in the file.</summary>
    public int Line { get; init; }

    /// <summary>Worker pool; null for the pipeline's.</summary>
    public string? Pool { get; init; }

    /// <summary>1-based line on which <see cref="Sql"/> begins; null when it comes from a file of its own.</summary>
    public int? SqlLine { get; init; }

    /// <summary>1-based column of the first character of that line; for blocks, of all lines.</summary>
    public int? SqlColumn { get; init; }

    /// <summary>True when line n of <see cref="Sql"/> is line <see cref="SqlLine"/> + n - 1 of the file (not so in folded text).</summary>
    public bool SqlLinesMatch { get; init; }

    /// <summary>The table's full name: <c>gold.delays</c>.</summary>
    public string Table => $"{Layer}.{Name}";
}
