namespace FlowForge.Catalog;

/// <summary>What can differ between two schemas.</summary>
public enum DifferenceKind
{
    Added,
    Removed,

    /// <summary>The new type holds every value of the old one.</summary>
    Widened,

    /// <summary>The old type holds every value of the new one, but not the other way round.</summary>
    Narrowed,

    /// <summary>Neither type holds the values of the other.</summary>
    Retyped,

    /// <summary>The column may be empty now, or must not be any more.</summary>
    Nullability,

    /// <summary>The column is filled from a source column of another name.</summary>
    Renamed,
}

/// <summary>One difference between two schemas.</summary>
/// <param name="Column">The column of the table.</param>
/// <param name="Before">Its type before (<c>BIGINT</c>), for <see cref="DifferenceKind.Renamed"/> the source's name before; null when it was not there.</param>
/// <param name="After">The same afterwards; null when it is gone.</param>
public sealed record SchemaDifference(DifferenceKind Kind, string Column, string? Before, string? After)
{
    /// <summary>For people: <c>new column b BIGINT</c>.</summary>
    public override string ToString() => Kind switch
    {
        DifferenceKind.Added => $"new column {Column} {After}",
        DifferenceKind.Removed => $"missing column {Column}",
        DifferenceKind.Renamed => $"{Column} comes from '{After}', before from '{Before}'",
        DifferenceKind.Nullability => $"{Column}: {(After == "NULL" ? "may be empty now" : "must not be empty now")}",
        _ => $"{Column} {Before} → {After}",
    };
}

/// <summary>Compares schemas column by column, by name; upper and lower case are the same.</summary>
public static class SchemaDiff
{
    /// <returns>Added, removed, then changed columns, in the order of the schemas.</returns>
    public static IReadOnlyList<SchemaDifference> Of(IReadOnlyList<SchemaColumn> before, IReadOnlyList<SchemaColumn> after)
    {
        var old = before.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
        var now = after.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
        var differences = new List<SchemaDifference>();
        differences.AddRange(after.Where(c => !old.ContainsKey(c.Name)).Select(c => new SchemaDifference(DifferenceKind.Added, c.Name, null, c.Type)));
        differences.AddRange(before.Where(c => !now.ContainsKey(c.Name)).Select(c => new SchemaDifference(DifferenceKind.Removed, c.Name, c.Type, null)));
        foreach (var column in after)
        {
            if (!old.TryGetValue(column.Name, out var was)) continue;
            if (was.Type != column.Type) differences.Add(new SchemaDifference(DuckTypeOrder.Kind(was.Type, column.Type), column.Name, was.Type, column.Type));
            if (was.Nullable != column.Nullable) differences.Add(new SchemaDifference(DifferenceKind.Nullability, column.Name, was.Nullable ? "NULL" : "NOT NULL", column.Nullable ? "NULL" : "NOT NULL"));
            if (was.OriginalName != column.OriginalName) differences.Add(new SchemaDifference(DifferenceKind.Renamed, column.Name, was.OriginalName ?? was.Name, column.OriginalName ?? column.Name));
        }
        return differences;
    }
}
