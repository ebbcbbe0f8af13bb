using System.Text.Json.Nodes;

namespace FlowForge.Pipelines;

/// <summary>A test of one dataset's SQL: rows of its inputs are given, rows of its result are expected. The lake is not touched.</summary>
public sealed record DatasetTestDefinition
{
    public required string Name { get; init; }

    /// <summary>The dataset with its layer: <c>silver.flights_clean</c>.</summary>
    public required string Dataset { get; init; }

    /// <summary>Rows by table with layer.</summary>
    public IReadOnlyDictionary<string, TestRows> Given { get; init; } = new Dictionary<string, TestRows>();

    public required TestRows Expect { get; init; }

    /// <summary>Parameters of the run that the test plays, over the pipeline's defaults.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>1-based line in the file.</summary>
    public int Line { get; init; }
}

/// <summary>Rows of a test: a SELECT, or objects by column.</summary>
/// <param name="Sql">Null when <paramref name="Rows"/> are given.</param>
/// <param name="Rows">Objects; a column that one leaves out is NULL there.</param>
public sealed record TestRows(string? Sql, IReadOnlyList<JsonObject> Rows)
{
    /// <summary>Columns in the order of their first mention.</summary>
    public IReadOnlyList<string> Columns => [.. Rows.SelectMany(r => r.Select(p => p.Key)).Distinct(StringComparer.OrdinalIgnoreCase)];
}
