using System.Globalization;
using FlowForge.Columnar;

namespace FlowForge.Plugins.Postgres.Writing;

/// <summary>How columns of rows become columns of PostgreSQL: the type that a new table gets, and the types that hold all of a column's values in one that is there.</summary>
internal static class FieldForms
{
    private static readonly HashSet<string> Texts = ["text", "varchar", "bpchar", "name", "citext", "xml"];

    /// <summary>The type of a column in a table that is made.</summary>
    public static string Declared(IArrowType type) => type switch
    {
        Decimal128Type d => string.Create(CultureInfo.InvariantCulture, $"numeric({d.Precision},{d.Scale})"),
        TimestampType t => t.Timezone is null ? "timestamp" : "timestamptz",
        DictionaryType d => Declared(d.ValueType),
        NestedType => "jsonb",
        _ => type.TypeId switch
        {
            ArrowTypeId.Boolean => "boolean",
            ArrowTypeId.Int8 or ArrowTypeId.UInt8 or ArrowTypeId.Int16 => "smallint",
            ArrowTypeId.UInt16 or ArrowTypeId.Int32 => "integer",
            ArrowTypeId.UInt32 or ArrowTypeId.Int64 => "bigint",
            ArrowTypeId.UInt64 => "numeric(20,0)",
            ArrowTypeId.HalfFloat or ArrowTypeId.Float => "real",
            ArrowTypeId.Double => "double precision",
            ArrowTypeId.Date32 or ArrowTypeId.Date64 => "date",
            ArrowTypeId.Time32 or ArrowTypeId.Time64 => "time",
            ArrowTypeId.Interval or ArrowTypeId.Duration => "interval",
            ArrowTypeId.Binary or ArrowTypeId.LargeBinary or ArrowTypeId.FixedSizeBinary => "bytea",
            ArrowTypeId.Uuid => "uuid",
            _ => "text",
        },
    };

    /// <summary>The encoder for a column that is there; null when its type does not hold every value.</summary>
    public static FieldEncoder? Encoder(IArrowType type, TargetColumn target)
    {
        if (type is DictionaryType dictionary) return Encoder(dictionary.ValueType, target) is { } values ? new DictionaryEncoder(values) : null;
        var there = target.TypeName;
        return type.TypeId switch
        {
            ArrowTypeId.Null => new NullEncoder(),
            ArrowTypeId.Boolean => there == "bool" ? new BooleanEncoder() : null,
            ArrowTypeId.Int8 => Whole<sbyte>(target, 2, 3, 24),
            ArrowTypeId.UInt8 => Whole<byte>(target, 2, 3, 24),
            ArrowTypeId.Int16 => Whole<short>(target, 2, 5, 24),
            ArrowTypeId.UInt16 => Whole<ushort>(target, 4, 5, 24),
            ArrowTypeId.Int32 => Whole<int>(target, 4, 10, 53),
            ArrowTypeId.UInt32 => Whole<uint>(target, 8, 10, 53),
            ArrowTypeId.Int64 => Whole<long>(target, 8, 19, 0),
            ArrowTypeId.UInt64 => there == "numeric" && target.Holds(20, 0) ? new WholeNumericEncoder<ulong>() : null,
            ArrowTypeId.HalfFloat => Float<Half>(there, 4),
            ArrowTypeId.Float => Float<float>(there, 4),
            ArrowTypeId.Double => Float<double>(there, 8),
            ArrowTypeId.Decimal128 => type is Decimal128Type { Scale: >= 0 } d && there == "numeric" && target.Holds(d.Precision - d.Scale, d.Scale) ? new DecimalEncoder(d.Scale) : null,
            ArrowTypeId.Date32 => there == "date" ? new DateEncoder() : null,
            ArrowTypeId.Date64 => there == "date" ? new Date64Encoder() : null,
            ArrowTypeId.Timestamp => type is TimestampType t && there == (t.Timezone is null ? "timestamp" : "timestamptz") ? new MomentEncoder(t.Unit) : null,
            ArrowTypeId.Time32 => there == "time" ? new TimeEncoder<int>(((Time32Type)type).Unit) : null,
            ArrowTypeId.Time64 => there == "time" ? new TimeEncoder<long>(((Time64Type)type).Unit) : null,
            ArrowTypeId.Interval => there == "interval" ? new IntervalEncoder() : null,
            ArrowTypeId.Duration => there == "interval" ? new DurationEncoder(((DurationType)type).Unit) : null,
            ArrowTypeId.String or ArrowTypeId.LargeString => Text(type, target),
            ArrowTypeId.Binary or ArrowTypeId.LargeBinary or ArrowTypeId.FixedSizeBinary => there == "bytea" ? new BytesEncoder() : null,
            ArrowTypeId.Uuid => there == "uuid" ? new UuidEncoder() : Texts.Contains(there) ? new UuidAsTextEncoder() : null,
            _ => there is "jsonb" or "json" or "text" ? new JsonEncoder(there == "jsonb") : null,
        };
    }

    /// <param name="bits">Bits of a float that hold every value; 0 when none do.</param>
    private static FieldEncoder? Whole<T>(TargetColumn target, int width, int digits, int bits) where T : unmanaged, System.Numerics.IBinaryInteger<T> => target.TypeName switch
    {
        "int2" when width <= 2 => new IntegerEncoder<T>(2),
        "int4" when width <= 4 => new IntegerEncoder<T>(4),
        "int8" => new IntegerEncoder<T>(8),
        "numeric" when target.Holds(digits, 0) => new WholeNumericEncoder<T>(),
        "float4" when bits == 24 => new FloatEncoder<T>(4),
        "float8" when bits > 0 => new FloatEncoder<T>(8),
        _ => null,
    };

    private static FloatEncoder<T>? Float<T>(string there, int width) where T : unmanaged, System.Numerics.INumberBase<T> => there switch
    {
        "float4" when width == 4 => new FloatEncoder<T>(4),
        "float8" => new FloatEncoder<T>(8),
        _ => null,
    };

    private static FieldEncoder? Text(IArrowType type, TargetColumn target) => target.TypeName switch
    {
        "uuid" when type.TypeId == ArrowTypeId.String => new UuidTextEncoder(),
        "jsonb" => new TextEncoder(jsonb: true),
        "json" => new TextEncoder(jsonb: false),
        var there when Texts.Contains(there) || target.IsEnum => new TextEncoder(jsonb: false),
        _ => null,
    };
}
