namespace FlowForge.Catalog;

/// <summary>The row equation of a job: every source row is in exactly one of the last four.</summary>
/// <param name="Read">Source records.</param>
/// <param name="Loaded">Inserted, updated, deleted and unchanged rows.</param>
/// <param name="Rejected">Rows that did not fit and are kept as rejects.</param>
/// <param name="Deduplicated">Rows left out because their keys were there already.</param>
/// <param name="Filtered">Rows left out by the job's filter.</param>
public readonly record struct RowCounts(long Read, long Loaded, long Rejected = 0, long Deduplicated = 0, long Filtered = 0)
{
    /// <summary>read = loaded + rejected + deduplicated + filtered.</summary>
    public bool Balanced => Read == Loaded + Rejected + Deduplicated + Filtered;

    public static RowCounts operator +(RowCounts a, RowCounts b) => a.Add(b);

    public RowCounts Add(RowCounts other) => new(
        Read + other.Read, Loaded + other.Loaded, Rejected + other.Rejected, Deduplicated + other.Deduplicated, Filtered + other.Filtered);

    public override string ToString() =>
        $"{Read} read = {Loaded} loaded + {Rejected} rejected + {Deduplicated} deduplicated + {Filtered} filtered";
}
