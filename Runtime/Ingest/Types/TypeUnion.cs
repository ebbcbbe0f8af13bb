using FlowForge.Lake.Schema;

namespace FlowForge.Ingest.Types;

/// <summary>The narrowest type that holds all values of two others without loss; text at the end.</summary>
internal static class TypeUnion
{
    private static readonly Dictionary<string, int> Digits = new(StringComparer.Ordinal) { ["byte"] = 3, ["short"] = 5, ["integer"] = 10, ["long"] = 19 };

    /// <param name="a">One type.</param>
    /// <param name="b">Another.</param>
    /// <param name="allFit">Asked where the types alone cannot tell: whether all values that there are of a type (true: of <paramref name="a"/>) are kept exactly by another.</param>
    public static DeltaType Of(DeltaType a, DeltaType b, Func<bool, DeltaType, bool> allFit)
    {
        if (TypeFit.Fits(a, b)) return b;
        if (TypeFit.Fits(b, a)) return a;
        if (Exact(a) is { } x && Exact(b) is { } y)
        {
            var (whole, scale) = (Math.Max(x.Whole, y.Whole), Math.Max(x.Scale, y.Scale));
            var exact = new DecimalType(Math.Min(38, whole + scale), scale);
            return whole + scale <= 38 || allFit(true, exact) && allFit(false, exact) ? exact : PrimitiveType.String;
        }
        if (IsFloating(a) && IsFloating(b)) return PrimitiveType.Double;
        if (Exact(a) is not null && IsFloating(b)) return allFit(true, PrimitiveType.Double) ? PrimitiveType.Double : PrimitiveType.String;
        if (IsFloating(a) && Exact(b) is not null) return allFit(false, PrimitiveType.Double) ? PrimitiveType.Double : PrimitiveType.String;
        return (a, b) switch
        {
            (ArrayType p, ArrayType q) => new ArrayType(Of(p.Element, q.Element, static (_, _) => false)),
            (StructType p, StructType q) => new StructType([.. Fields(p, q)]),
            _ => PrimitiveType.String,
        };
    }

    private static IEnumerable<TableColumn> Fields(StructType a, StructType b)
    {
        foreach (var field in a.Fields)
            yield return b.Fields.FirstOrDefault(f => f.Name == field.Name) is { } other ? field with { Type = Of(field.Type, other.Type, static (_, _) => false) } : field;
        foreach (var field in b.Fields.Where(f => !a.Fields.Any(o => o.Name == f.Name))) yield return field;
    }

    private static (int Whole, int Scale)? Exact(DeltaType type) => type switch
    {
        PrimitiveType p when Digits.TryGetValue(p.Name, out var digits) => (digits, 0),
        DecimalType d => (d.Precision - d.Scale, d.Scale),
        _ => null,
    };

    private static bool IsFloating(DeltaType type) => type is PrimitiveType { Name: "float" or "double" };
}
