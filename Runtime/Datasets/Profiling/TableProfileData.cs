namespace FlowForge.Datasets.Profiling;

/// <summary>What the values of a table version are like.</summary>
/// <param name="Rows">Rows of the table.</param>
/// <param name="Looked">Rows that were looked at; fewer than <paramref name="Rows"/> for a sample.</param>
/// <param name="IsSampled">Counts are those of the sample, not scaled up.</param>
public sealed record TableProfileData(long Rows, long Looked, bool IsSampled, IReadOnlyList<ColumnProfile> Columns);

/// <summary>What the values of a column are like. What does not apply to its type is null or empty.</summary>
public sealed record ColumnProfile
{
    public required string Name { get; init; }

    /// <summary>DuckDB's name of it.</summary>
    public required string Type { get; init; }

    /// <summary>Rows without a value.</summary>
    public long Nulls { get; init; }

    /// <summary>Different values, by an estimate within a few percent (HyperLogLog), never more than there are values.</summary>
    public long Distinct { get; init; }

    /// <summary>As text.</summary>
    public string? Min { get; init; }

    public string? Max { get; init; }

    public double? Mean { get; init; }

    /// <summary>Standard deviation of the rows looked at.</summary>
    public double? Deviation { get; init; }

    /// <summary>Values below which 5, 25, 50, 75 and 95 percent lie, by an estimate (t-digest).</summary>
    public IReadOnlyList<double> Quantiles { get; init; } = [];

    /// <summary>Shortest and longest text, in characters.</summary>
    public long? Shortest { get; init; }

    public long? Longest { get; init; }

    /// <summary>The most frequent values, by an estimate.</summary>
    public IReadOnlyList<ValueCount> Top { get; init; } = [];

    /// <summary>The most frequent forms of texts: A for upper-case letters, a for lower-case, 9 for digits, the rest as it is.</summary>
    public IReadOnlyList<ValueCount> Patterns { get; init; } = [];

    /// <summary>Rows by ranges of equal width; each up to and including <see cref="HistogramBin.To"/>.</summary>
    public IReadOnlyList<HistogramBin> Histogram { get; init; } = [];
}

/// <param name="Value">As text; long ones are cut.</param>
/// <param name="Rows">Rows with it, exact among the rows looked at.</param>
public sealed record ValueCount(string Value, long Rows);

/// <param name="From">Lower end, not included (but for the first).</param>
/// <param name="To">Upper end, included.</param>
public sealed record HistogramBin(double From, double To, long Rows);
