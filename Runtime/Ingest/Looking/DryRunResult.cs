using FlowForge.Catalog;

namespace FlowForge.Ingest.Looking;

/// <summary>What a run of an ingest job would do, from the beginning of its source; nothing was published.</summary>
public sealed record DryRunResult
{
    /// <summary>The row equation of the part that was read.</summary>
    public required RowCounts Counts { get; init; }

    /// <summary>What the rows would do to the table.</summary>
    public required RowChanges Changes { get; init; }

    /// <summary>The columns that the rows have, with what they are against the table.</summary>
    public required IReadOnlyList<ProposedColumn> Columns { get; init; }

    /// <summary>Some of the rows as they would stand in the table, each a JSON object.</summary>
    public required IReadOnlyList<string> Sample { get; init; }

    /// <summary>Some of the rejects.</summary>
    public required IReadOnlyList<DryReject> Rejects { get; init; }

    /// <summary>Rejects by reason.</summary>
    public required IReadOnlyDictionary<string, long> Reasons { get; init; }

    /// <summary>What was read, and whether only its beginning was.</summary>
    public required IReadOnlyList<string> Read { get; init; }

    /// <summary>What would be written, in one sentence.</summary>
    public required string Effect { get; init; }

    /// <summary>Why a run would publish nothing; null when it would.</summary>
    public RunError? Problem { get; init; }
}

/// <param name="Source">Name at the source.</param>
/// <param name="Change"><c>new</c>, <c>same</c>, or the table's type when it would change.</param>
public sealed record ProposedColumn(string Name, string Type, string Source, string Change);

/// <summary>A row that would be rejected.</summary>
public sealed record DryReject(string File, long? Record, string Reason, string Message, string? Column, string? Raw);
