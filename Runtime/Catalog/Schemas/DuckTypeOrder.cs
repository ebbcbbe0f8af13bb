using System.Globalization;

namespace FlowForge.Catalog;

/// <summary>Which of two DuckDB types, in the form that schemas are kept in, holds the values of the other.</summary>
internal static class DuckTypeOrder
{
    private static readonly Dictionary<string, int> Digits = new(StringComparer.Ordinal) { ["TINYINT"] = 3, ["SMALLINT"] = 5, ["INTEGER"] = 10, ["BIGINT"] = 19, ["HUGEINT"] = 39 };

    public static DifferenceKind Kind(string before, string after) => (Holds(after, before), Holds(before, after)) switch
    {
        (true, _) => DifferenceKind.Widened,
        (_, true) => DifferenceKind.Narrowed,
        _ => DifferenceKind.Retyped,
    };

    /// <summary>True when every value of <paramref name="inner"/> is one of <paramref name="outer"/>; a text can say anything.</summary>
    public static bool Holds(string outer, string inner) => outer == inner || outer == "VARCHAR" || (Number(inner), Number(outer)) switch
    {
        ({ } i, { } o) => o.Whole >= i.Whole && o.Scale >= i.Scale,
        ({ Scale: 0 } i, null) => outer == "DOUBLE" && i.Whole <= 10 || outer == "FLOAT" && i.Whole <= 5,
        _ => (inner, outer) is ("FLOAT", "DOUBLE") or ("DATE", "TIMESTAMP") or ("DATE", "TIMESTAMP WITH TIME ZONE"),
    };

    private static (int Whole, int Scale)? Number(string type)
    {
        if (Digits.TryGetValue(type, out var digits)) return (digits, 0);
        if (!type.StartsWith("DECIMAL(", StringComparison.Ordinal)) return null;
        var parts = type["DECIMAL(".Length..^1].Split(',');
        var (precision, scale) = (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
        return (precision - scale, scale);
    }
}
