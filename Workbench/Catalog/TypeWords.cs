namespace FlowForge.Workbench.Catalog;

/// <summary>DuckDB's types and .NET's, grouped as a reader thinks of them.</summary>
internal static class TypeWords
{
    private static readonly string[] Numbers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "REAL", "DECIMAL",
        // .NET's, of collections that a notebook shows.
        "BYTE", "SBYTE", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "INT128", "UINT128", "SINGLE"];

    /// <summary><c>number text time truth nested bytes</c>: also the CSS class.</summary>
    public static string Family(string type)
    {
        var upper = type.ToUpperInvariant();
        if (upper.EndsWith(']') || upper.StartsWith("STRUCT", StringComparison.Ordinal) || upper.StartsWith("MAP", StringComparison.Ordinal) || upper == "JSON")
            return "nested";
        if (Numbers.Any(n => upper == n || upper.StartsWith(n + "(", StringComparison.Ordinal)))
            return "number";
        if (upper.StartsWith("DATE", StringComparison.Ordinal) || upper.StartsWith("TIME", StringComparison.Ordinal) || upper == "INTERVAL")
            return "time";
        return upper switch { "BOOLEAN" => "truth", "BLOB" or "BIT" => "bytes", _ => "text" };
    }

    /// <summary>A short word for a narrow column head.</summary>
    public static string Short(string type) => type.Length <= 16 ? type.ToLowerInvariant() : type[..type.IndexOfAny(['(', '[', ' '])].ToLowerInvariant() + "…";
}
