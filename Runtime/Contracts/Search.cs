namespace FlowForge.Contracts;

/// <summary>Answer of <c>GET /search</c>, best first, at most 20.</summary>
public sealed record SearchResults(string Query, IReadOnlyList<SearchHit> Hits);

/// <summary>One thing that was found.</summary>
/// <param name="Kind"><c>pipeline</c>, <c>job</c>, <c>run</c>, <c>table</c>, <c>column</c>, <c>notebook</c>, <c>connection</c> or <c>connector</c>.</param>
/// <param name="Name">What identifies it among its kind: name, run id, <c>gold.x</c>; <c>pipeline/job</c> for a job, the table for a column.</param>
/// <param name="Title">What to show.</param>
/// <param name="Detail">A second, quieter line.</param>
public sealed record SearchHit(string Kind, string Name, string Title, string? Detail);
