using FlowForge.Lake.Schema;

namespace FlowForge.Interop.Tests;

/// <summary>The type in which ClickHouse shows a Delta type.</summary>
internal static class PeerTypes
{
    public static string Of(DeltaType type, bool nullable) => type switch
    {
        ArrayType list => $"Array({Of(list.Element, list.ContainsNull)})",
        MapType map => $"Map({Of(map.Key, false)}, {Of(map.Value, map.ValueContainsNull)})",
        StructType s => $"Tuple({string.Join(", ", s.Fields.Select(f => $"{f.Name} {Of(f.Type, f.Nullable)}"))})",
        _ => nullable ? $"Nullable({Name(type)})" : Name(type),
    };

    private static string Name(DeltaType type) => type switch
    {
        DecimalType d => $"Decimal({d.Precision}, {d.Scale})",
        _ => type.ToString() switch
        {
            "boolean" => "Bool", "byte" => "Int8", "short" => "Int16", "integer" => "Int32", "long" => "Int64", "float" => "Float32", "double" => "Float64", "string" or "binary" => "String",
            "date" => "Date32", "timestamp" or "timestamp_ntz" => "DateTime64(6)", var other => other,
        },
    };
}
