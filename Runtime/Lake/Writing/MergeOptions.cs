namespace FlowForge.Lake;

/// <summary>How source rows meet the rows of a table.</summary>
public sealed record MergeOptions
{
    /// <summary>Columns that identify a row; NULL is a value of a key like others, so a key with NULL may occur once in the source, too.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>A condition over the source's columns (alias <c>s</c>): matching rows are deleted, others of these source rows ignored. Null: nothing is deleted so.</summary>
    public string? DeleteWhen { get; init; }

    /// <summary>Columns of the source that only steer the merge (such as the one of <see cref="DeleteWhen"/>) and are no columns of the table.</summary>
    public IReadOnlyList<string> ControlColumns { get; init; } = [];

    /// <summary>True when table rows whose key the source lacks are deleted.</summary>
    public bool DeleteMissing { get; init; }

    /// <summary>How the files are written.</summary>
    public WriteOptions Write { get; init; } = new();
}

/// <summary>How a history of changes is kept (slowly changing dimension, type 2).</summary>
public sealed record HistoryOptions
{
    /// <summary>Columns that identify a thing, as in <see cref="MergeOptions.Keys"/>.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>From when the source's values hold, UTC.</summary>
    public required DateTimeOffset EffectiveFrom { get; init; }

    /// <summary>Column with the begin of a row's validity.</summary>
    public string ValidFrom { get; init; } = "valid_from";

    /// <summary>Column with the end of it, exclusive; NULL for the row that holds now.</summary>
    public string ValidTo { get; init; } = "valid_to";

    /// <summary>Column that is true for the row that holds now.</summary>
    public string IsCurrent { get; init; } = "is_current";

    /// <summary>True when things that the source lacks are closed.</summary>
    public bool CloseMissing { get; init; }

    /// <summary>How the files are written.</summary>
    public WriteOptions Write { get; init; } = new();
}

/// <summary>What became of the rows. Source rows = inserted + updated + unchanged + those of <see cref="Deleted"/> and <see cref="Ignored"/> that the source named.</summary>
/// <param name="Source">Rows of the source.</param>
/// <param name="Inserted">Source rows with a new key.</param>
/// <param name="Updated">Source rows whose key was there with other values.</param>
/// <param name="Unchanged">Source rows that were there as they are.</param>
/// <param name="Deleted">Table rows that went.</param>
/// <param name="Ignored">Source rows that ask for a deletion of what is not there.</param>
public readonly record struct MergeCounts(long Source, long Inserted, long Updated, long Unchanged, long Deleted, long Ignored);
