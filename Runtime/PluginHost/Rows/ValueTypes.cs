using System.Collections;
using System.Globalization;
using System.Reflection;
using FlowForge.Columnar;

namespace FlowForge.PluginHost.Rows;

/// <summary>CLR types as column types.</summary>
internal static class ValueTypes
{
    private const int DeepestNesting = 8;
    private static readonly TimestampType Instant = new(TimeUnit.Microsecond, "UTC");
    private static readonly TimestampType Clock = new(TimeUnit.Microsecond);

    private static IArrowType? Simple(Type type) =>
        type == typeof(Half) ? FloatType.Default
        : type == typeof(char) || type == typeof(Uri) ? StringType.Default
        : type == typeof(TimeSpan) ? new DurationType(TimeUnit.Microsecond)
        : ClrTypes.Of(type);

    /// <summary>
    /// The column type for values of a CLR type; <see cref="NullType"/> where the values have to tell (object, decimals with their scale, times with or without a zone).
    /// Null for types that cannot be columns.
    /// </summary>
    public static IArrowType? Of(Type type, int depth = 0)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (value == typeof(object) || depth == 0 && (value == typeof(decimal) || value == typeof(DateTime))) return NullType.Default;
        if (value == typeof(decimal)) return new Decimal128Type(38, 10);
        if (Simple(value) is { } simple) return simple;
        if (value.IsEnum) return StringType.Default;
        if (depth >= DeepestNesting) return null;
        if (MapItem(value) is { } item) return Of(item, depth + 1) is { } items ? new MapType(StringType.Default, items) : null;
        if (Element(value) is { } element) return Of(element, depth + 1) is { } elements ? new ListType(elements) : null;
        return Properties(value) is { Count: > 0 } properties && Struct(properties, depth) is { } fields ? new StructType(fields) : null;
    }

    private static List<Field>? Struct(IReadOnlyList<PropertyInfo> properties, int depth)
    {
        var fields = new List<Field>();
        foreach (var property in properties)
        {
            if (Of(property.PropertyType, depth + 1) is not { } type) return null;
            fields.Add(new Field(property.Name, type));
        }
        return fields;
    }

    /// <summary>The public properties that are columns or fields, in their order; empty for system types.</summary>
    public static IReadOnlyList<PropertyInfo> Properties(Type type) => type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true || type.IsPointer ? []
        : [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0 && p.Name != "EqualityContract").OrderBy(p => p.MetadataToken)];

    /// <summary>The type of one value.</summary>
    public static IArrowType OfValue(object value) => value switch
    {
        decimal d => new Decimal128Type(38, d.Scale),
        DateTime { Kind: DateTimeKind.Unspecified } => Clock,
        DateTime => Instant,
        _ => Of(value.GetType()) is { } type and not NullType ? type : StringType.Default,
    };

    /// <summary>A type that holds what a column held and a value that did not fit it; text at the end.</summary>
    public static IArrowType Wider(IArrowType now, object value)
    {
        if (now is NullType) return OfValue(value);
        var (isWhole, digits) = Whole(now);
        switch (value)
        {
            case sbyte or short or int or long or byte or ushort or uint when isWhole && digits < 19: return Int64Type.Default;
            case ulong when isWhole: return new Decimal128Type(38, 0);
            case double or float when isWhole && digits <= 19: return DoubleType.Default;
            case double when now is FloatType: return DoubleType.Default;
            case decimal d when isWhole: return new Decimal128Type(38, d.Scale);
            case decimal d when now is Decimal128Type t && Scaled(d, t) is { } wider: return wider;
            case long or int when now is Decimal128Type { Precision: < 38 } t: return new Decimal128Type(38, t.Scale);
            case DateTime { Kind: DateTimeKind.Unspecified } when now is Date32Type: return Clock;
            default: return StringType.Default;
        }
    }

    private static Decimal128Type? Scaled(decimal value, Decimal128Type now)
    {
        var scale = Math.Max(value.Scale, now.Scale);
        var whole = decimal.Truncate(Math.Abs(value)).ToString(CultureInfo.InvariantCulture).Length;
        return whole + scale <= 38 && (scale > now.Scale || now.Precision < 38) ? new Decimal128Type(38, scale) : null;
    }

    private static (bool, int) Whole(IArrowType type) => type switch
    {
        Int8Type or Int16Type or Int32Type or UInt8Type or UInt16Type or UInt32Type => (true, 10),
        Int64Type => (true, 19),
        UInt64Type => (true, 20),
        Decimal128Type { Scale: 0 } => (true, 38),
        _ => (false, 0),
    };

    /// <summary>A nested value in the form that builders take: lists as they are, records as dictionaries by field name.</summary>
    public static object? Nested(object? value) => value switch
    {
        null or string or byte[] => value,
        Enum or Uri or char => ValueText.Of(value),
        IDictionary map => map,
        IEnumerable items => items.Cast<object?>().Select(Nested).ToList(),
        _ when Simple(value.GetType()) is not null || value is decimal => value,
        _ when Properties(value.GetType()) is { Count: > 0 } properties => properties.ToDictionary(p => p.Name, p => Nested(p.GetValue(value))),
        _ => ValueText.Of(value),
    };

    private static Type? MapItem(Type type) => type.GetInterfaces().Append(type)
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IDictionary<,>) && i.GetGenericArguments()[0] == typeof(string))?.GetGenericArguments()[1];

    private static Type? Element(Type type) => type.IsArray ? type.GetElementType()
        : type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];
}
