using System.Text.Json.Serialization;

namespace FlowForge.Contracts;

/// <summary>The row equation of a job: <c>read = loaded + rejected + deduplicated + filtered</c>, in rows.</summary>
public readonly record struct RowCounts(long Read, long Loaded, long Rejected, long Deduplicated, long Filtered)
{
    /// <summary>True when every row that was read is accounted for.</summary>
    [JsonIgnore]
    public bool Balanced => Read == Loaded + Rejected + Deduplicated + Filtered;

    public static RowCounts operator +(RowCounts a, RowCounts b) => Add(a, b);

    public static RowCounts Add(RowCounts a, RowCounts b) => new(a.Read + b.Read, a.Loaded + b.Loaded, a.Rejected + b.Rejected,
        a.Deduplicated + b.Deduplicated, a.Filtered + b.Filtered);
}
