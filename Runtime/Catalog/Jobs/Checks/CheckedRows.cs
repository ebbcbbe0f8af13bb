using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>The rows that checks look at.</summary>
public sealed record CheckedRows
{
    /// <summary>The table they are meant for, with layer.</summary>
    public required string Table { get; init; }

    /// <summary>The rows, FROM-able.</summary>
    public required string Scan { get; init; }

    /// <summary>How many there are.</summary>
    public required long Count { get; init; }

    /// <summary>Rows of the table that stay beside these, FROM-able: freshness counts them too. Null when there are none.</summary>
    public string? Kept { get; init; }

    /// <summary>A column by the name that the author wrote.</summary>
    public required Func<string, CheckColumn?> Find { get; init; }

    /// <summary>Runs one query in the engine that has the rows and the tables that the checks read.</summary>
    public required Func<string, IReadOnlyList<object?[]>> Query { get; init; }

    /// <summary>When the run began.</summary>
    public required DateTimeOffset RunTime { get; init; }

    /// <summary>Values that a check measured in earlier runs, newest first, by its title and at most so many.</summary>
    public required Func<string, int, IReadOnlyList<double>> Earlier { get; init; }
}
