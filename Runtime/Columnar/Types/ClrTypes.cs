namespace FlowForge.Columnar;

/// <summary>The column types of simple CLR types: those whose values a column holds whole, whatever they are.</summary>
public static class ClrTypes
{
    private static readonly Dictionary<Type, IArrowType> Simple = new()
    {
        [typeof(bool)] = BooleanType.Default,
        [typeof(sbyte)] = Int8Type.Default,
        [typeof(short)] = Int16Type.Default,
        [typeof(int)] = Int32Type.Default,
        [typeof(long)] = Int64Type.Default,
        [typeof(byte)] = UInt8Type.Default,
        [typeof(ushort)] = UInt16Type.Default,
        [typeof(uint)] = UInt32Type.Default,
        [typeof(ulong)] = UInt64Type.Default,
        [typeof(float)] = FloatType.Default,
        [typeof(double)] = DoubleType.Default,
        [typeof(string)] = StringType.Default,
        [typeof(byte[])] = BinaryType.Default,
        [typeof(Guid)] = UuidType.Default,
        [typeof(DateOnly)] = Date32Type.Default,
        [typeof(TimeOnly)] = new Time64Type(TimeUnit.Microsecond),
        [typeof(DateTime)] = new TimestampType(TimeUnit.Microsecond),
        [typeof(DateTimeOffset)] = new TimestampType(TimeUnit.Microsecond, "UTC"),
    };

    /// <summary>
    /// The column type, or null where the type alone does not tell: decimals, whose scale their values have, nested types and all others.
    /// A <see cref="DateTime"/> is taken as a time without a zone.
    /// </summary>
    public static IArrowType? Of(Type type) => Simple.GetValueOrDefault(type);
}
