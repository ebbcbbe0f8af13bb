namespace FlowForge.Catalog;

/// <summary>What changed between two schemas, in words.</summary>
public static class SchemaChange
{
    /// <summary><c>added b (BIGINT); removed c; a: INTEGER → BIGINT</c>; <c>columns in another order</c> when only that changed.</summary>
    public static string Describe(IReadOnlyList<SchemaColumn> before, IReadOnlyList<SchemaColumn> after)
    {
        var old = before.ToDictionary(c => c.Name);
        var now = after.ToDictionary(c => c.Name);
        List<string> changes = [];
        changes.AddRange(after.Where(c => !old.ContainsKey(c.Name)).Select(c => $"added {c.Name} ({c.Type})"));
        changes.AddRange(before.Where(c => !now.ContainsKey(c.Name)).Select(c => $"removed {c.Name}"));
        foreach (var column in after)
        {
            if (!old.TryGetValue(column.Name, out var was))
            {
                continue;
            }
            if (was.Type != column.Type)
            {
                changes.Add($"{column.Name}: {was.Type} → {column.Type}");
            }
            if (was.Nullable != column.Nullable)
            {
                changes.Add($"{column.Name}: {(column.Nullable ? "may be empty now" : "must not be empty now")}");
            }
            if (was.OriginalName != column.OriginalName)
            {
                changes.Add($"{column.Name}: comes from '{column.OriginalName ?? column.Name}'");
            }
        }
        return changes.Count > 0 ? string.Join("; ", changes) : "columns in another order";
    }
}
