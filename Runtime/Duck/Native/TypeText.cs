using System.Globalization;

namespace FlowForge.Duck.Native;

/// <summary>SQL text of a logical type, as DuckDB's own <c>typeof</c> writes it.</summary>
internal static class TypeText
{
    public static string Of(LogicalType type)
    {
        if (type.Alias is { Length: > 0 } alias) return alias;
        switch (type.Id)
        {
            case TypeId.Decimal: return string.Create(CultureInfo.InvariantCulture, $"DECIMAL({type.DecimalWidth},{type.DecimalScale})");
            case TypeId.List:
            {
                using var element = type.ListElement();
                return Of(element) + "[]";
            }
            case TypeId.Array:
            {
                using var element = type.ArrayElement();
                return string.Create(CultureInfo.InvariantCulture, $"{Of(element)}[{type.ArraySize}]");
            }
            case TypeId.Map:
            {
                using var key = type.MapKey();
                using var value = type.MapValue();
                return $"MAP({Of(key)}, {Of(value)})";
            }
            case TypeId.Struct:
            {
                var fields = new string[type.StructCount];
                for (var i = 0; i < fields.Length; i++)
                {
                    using var child = type.StructChild(i);
                    // A UNION that was written to Parquet comes back with such a field.
                    fields[i] = $"{(type.StructName(i) is { Length: > 0 } name ? SqlText.Identifier(name) : "\"\"")} {Of(child)}";
                }
                return $"STRUCT({string.Join(", ", fields)})";
            }
            case TypeId.Enum: return $"ENUM({string.Join(", ", type.EnumLabels.Select(SqlText.Literal))})";
            default: return Simple(type.Id);
        }
    }

    public static string Simple(TypeId id) => id switch
    {
        TypeId.TimestampS => "TIMESTAMP_S",
        TypeId.TimestampMs => "TIMESTAMP_MS",
        TypeId.TimestampNs => "TIMESTAMP_NS",
        TypeId.TimestampTz => "TIMESTAMP WITH TIME ZONE",
        TypeId.TimeTz => "TIME WITH TIME ZONE",
        TypeId.TimeNs => "TIME_NS",
        TypeId.SqlNull => "NULL",
        TypeId.StringLiteral => "VARCHAR",
        TypeId.IntegerLiteral => "INTEGER",
        _ => id.ToString().ToUpperInvariant(),
    };
}
