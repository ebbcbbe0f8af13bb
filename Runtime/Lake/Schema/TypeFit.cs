namespace FlowForge.Lake.Schema;

/// <summary>Which types fit into which without losing a value.</summary>
public static class TypeFit
{
    private static readonly Dictionary<string, (int Rank, int Digits)> Integers = new(StringComparer.Ordinal)
    {
        ["byte"] = (1, 3), ["short"] = (2, 5), ["integer"] = (3, 10), ["long"] = (4, 19),
    };

    /// <summary>True when every value of <paramref name="from"/> is a value of <paramref name="to"/>.</summary>
    public static bool Fits(DeltaType from, DeltaType to)
    {
        if (from.Equals(to)) return true;
        return (from, to) switch
        {
            (PrimitiveType a, PrimitiveType b) => FitsPrimitive(a.Name, b.Name),
            (PrimitiveType a, DecimalType d) => Integers.TryGetValue(a.Name, out var integer) && d.Precision - d.Scale >= integer.Digits,
            (DecimalType a, DecimalType b) => b.Scale >= a.Scale && b.Precision - b.Scale >= a.Precision - a.Scale,
            (ArrayType a, ArrayType b) => Fits(a.Element, b.Element),
            (MapType a, MapType b) => Fits(a.Key, b.Key) && Fits(a.Value, b.Value),
            (StructType a, StructType b) => a.Fields.Count == b.Fields.Count && a.Fields.Zip(b.Fields).All(p => p.First.Name == p.Second.Name && Fits(p.First.Type, p.Second.Type)),
            _ => false,
        };
    }

    private static bool FitsPrimitive(string from, string to)
    {
        if (Integers.TryGetValue(from, out var a)) return Integers.TryGetValue(to, out var b) ? a.Rank <= b.Rank : to == "double" && a.Rank <= 3 || to == "float" && a.Rank <= 2;
        return (from, to) is ("float", "double") or ("date", "timestamp_ntz");
    }
}
