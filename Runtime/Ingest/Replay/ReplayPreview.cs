using FlowForge.Catalog;

namespace FlowForge.Ingest.Replay;

/// <summary>What a replay of rejects would do now.</summary>
/// <param name="Counts">Its row equation: <c>Loaded</c> rows would come to the table, <c>Rejected</c> would stay open.</param>
/// <param name="Reasons">Why those that stay do not fit, most frequent first.</param>
/// <param name="Columns">New columns and wider types that the table would get, for people.</param>
public sealed record ReplayPreview(RowCounts Counts, IReadOnlyList<(string Reason, long Rows)> Reasons, string? Columns);
