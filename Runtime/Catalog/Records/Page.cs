namespace FlowForge.Catalog;

/// <summary>A page of a longer list.</summary>
/// <param name="Items">The rows of this page.</param>
/// <param name="Total">Rows of all pages.</param>
/// <param name="Number">From 1.</param>
/// <param name="Size">Rows asked for.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, long Total, int Number, int Size);
