namespace FlowForge.Contracts;

/// <summary>One page of a longer list.</summary>
/// <param name="Items">The entries of this page, in the order the endpoint documents.</param>
/// <param name="Total">How many entries match in all pages together.</param>
/// <param name="Number">1-based page number (query parameter <c>page</c>).</param>
/// <param name="Size">Entries per page that were asked for (query parameter <c>size</c>, 1–500).</param>
public sealed record Page<T>(IReadOnlyList<T> Items, long Total, int Number, int Size);
