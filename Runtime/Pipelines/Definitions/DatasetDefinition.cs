namespace FlowForge.Pipelines;

/// <summary>One silver or gold table made by SQL.</summary>
public sealed record DatasetDefinition
{
    /// <summary><c>silver</c> or <c>gold</c>.</summary>
    public required string Layer { get; init; }

    public required string Name { get; init; }

    /// <summary>Null only while <see cref="SqlFile"/> has not been read (<see cref="PipelineDefinition.WithSql"/>).</summary>
    public string? Sql { get; init; }

    /// <summary>Path relative to the pipeline's base directory.</summary>
    public string? SqlFile { get; init; }

    public DatasetMode Mode { get; init; } = DatasetMode.Full;

    /// <summary>Key columns; set for <see cref="DatasetMode.Merge"/>.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Time column of <see cref="DatasetMode.Incremental"/>.</summary>
    public string? TimeColumn { get; init; }

    public IReadOnlyList<CheckDefinition> Checks { get; init; } = [];

    public IReadOnlyList<string> PartitionBy { get; init; } = [];

    public string? Description { get; init; }

    /// <summary>1-based line of the dataset's name in the file.</summary>
    public int Line { get; init; }

    /// <summary>1-based line on which <see cref="Sql"/> begins; null when it comes from a file of its own.</summary>
    public int? SqlLine { get; init; }

    /// <summary>1-based column of the first character of that line; for blocks, of all lines.</summary>
    public int? SqlColumn { get; init; }

    /// <summary>True when line n of <see cref="Sql"/> is line <see cref="SqlLine"/> + n - 1 of the file (not so in folded text).</summary>
    public bool SqlLinesMatch { get; init; }

    /// <summary>The table's full name: <c>gold.delays</c>.</summary>
    public string Table => $"{Layer}.{Name}";
}

/// <summary>A data-quality rule.</summary>
public sealed record CheckDefinition
{
    public required CheckKind Kind { get; init; }

    /// <summary>Never empty except for <see cref="CheckKind.RowCount"/>; several columns of <see cref="CheckKind.Unique"/> form one key.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>For <see cref="CheckKind.AcceptedValues"/>; null stands for NULL. Text, to be cast to the column's type.</summary>
    public IReadOnlyList<string?> Values { get; init; } = [];

    /// <summary>Lowest allowed value, a number or ISO date as text; for <see cref="CheckKind.RowCount"/> a whole number. Null for no bound.</summary>
    public string? Min { get; init; }

    /// <summary>Highest allowed value; see <see cref="Min"/>.</summary>
    public string? Max { get; init; }

    public CheckAction OnFail { get; init; } = CheckAction.Fail;

    /// <summary>1-based line in the file.</summary>
    public int Line { get; init; }

    /// <summary>What a person calls it: <c>not_null(origin, date)</c>, <c>range(delay, -120..)</c>. Stable: results are kept under it.</summary>
    public string Title => Kind switch
    {
        CheckKind.AcceptedValues => $"accepted_values({string.Join(", ", Columns)})",
        CheckKind.Range => $"range({string.Join(", ", Columns)}, {Min}..{Max})",
        CheckKind.RowCount => $"row_count({Min}..{Max})",
        _ => $"{Kind.ToText()}({string.Join(", ", Columns)})",
    };
}
