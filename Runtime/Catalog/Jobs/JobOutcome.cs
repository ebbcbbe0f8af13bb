using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>What a job that succeeded did.</summary>
public sealed record JobOutcome
{
    public required RowCounts Counts { get; init; }

    /// <summary>What the loaded rows did to the table; null where nobody counted (an outcome of an older version, files landed only).</summary>
    public RowChanges? Changes { get; init; }

    /// <summary>Bytes written to the lake.</summary>
    public long Bytes { get; init; }

    /// <summary>With layer; null when files were landed only.</summary>
    public string? Table { get; init; }

    /// <summary>The version that holds the job's rows; also set when nothing new was to be committed.</summary>
    public long? TableVersion { get; init; }

    /// <summary>The rejects table with its layer, when the job wrote rejects.</summary>
    public string? RejectsTable { get; init; }

    public IReadOnlyList<CheckOutcome> Checks { get; init; } = [];

    /// <summary>For a job with many tables: what became of each.</summary>
    public IReadOnlyList<TableOutcome> Tables { get; init; } = [];

    /// <summary>An earlier attempt had committed already: this is its recorded outcome.</summary>
    public bool AlreadyDone { get; init; }

    /// <summary>For people: <c>nothing new</c>.</summary>
    public string? Note { get; init; }
}

/// <summary>What became of one table of a job with many.</summary>
/// <param name="Source">The table at the source.</param>
/// <param name="Table">With layer.</param>
/// <param name="Version">The version that holds its rows; null when there is none.</param>
/// <param name="Error">Why it was not loaded; null when it was.</param>
public sealed record TableOutcome(string Source, string Table, long? Version, RowCounts Counts, RowChanges? Changes = null, string? Note = null, RunError? Error = null);

/// <summary>Result of one check.</summary>
/// <param name="Check"><see cref="CheckDefinition.Title"/>.</param>
/// <param name="OnFail">What its failing does.</param>
/// <param name="Passed">True when no row failed.</param>
/// <param name="FailingRows">0 when passed, and for checks that are not about rows; for <c>row_count</c> the count found.</param>
/// <param name="Message">For people, when it failed or could not judge.</param>
/// <param name="Value">What <c>row_count</c> and <c>anomaly</c> measured; for <c>freshness</c> the age in seconds.</param>
public sealed record CheckOutcome(string Check, CheckAction OnFail, bool Passed, long FailingRows, string? Message = null, double? Value = null);
