namespace FlowForge.Catalog;

/// <summary>How far a job is.</summary>
/// <param name="Phase">One word for people: <c>landing reading proving building checking publishing</c>.</param>
/// <param name="RowsRead">Rows so far.</param>
/// <param name="RowsTotal">Null when unknown.</param>
/// <param name="Bytes">Source bytes so far.</param>
/// <param name="BytesTotal">Null when unknown.</param>
/// <param name="RowsPerSecond">Over the last seconds; 0 when unknown.</param>
public sealed record JobProgress(string Phase, long RowsRead, long? RowsTotal, long Bytes, long? BytesTotal, double RowsPerSecond)
{
    /// <summary>0 to 1 from rows, else from bytes; null when no total is known.</summary>
    public double? Fraction =>
        RowsTotal is > 0 ? Math.Clamp((double)RowsRead / RowsTotal.Value, 0, 1)
        : BytesTotal is > 0 ? Math.Clamp((double)Bytes / BytesTotal.Value, 0, 1)
        : null;
}
