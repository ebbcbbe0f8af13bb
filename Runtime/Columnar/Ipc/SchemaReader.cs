namespace FlowForge.Columnar.Ipc;

/// <summary>Schemas from FlatBuffers, and the dictionaries their fields use.</summary>
internal sealed class SchemaReader
{
    private int _fields;

    /// <summary>Numbers of dictionaries by path.</summary>
    public DictionaryIds Ids { get; } = new();

    /// <summary>Value type of each dictionary, by number.</summary>
    public Dictionary<long, (IArrowType Type, int[] Path)> Dictionaries { get; } = [];

    public Schema Read(FlatTable table)
    {
        if (table.Short(0) != 0) throw new NotSupportedException("Big-endian Arrow data is not supported.");
        return new Schema(ReadFields(table, 1, [], 0), Metadata(table, 2));
    }

    private Field[] ReadFields(FlatTable table, int slot, int[] path, int depth)
    {
        if (depth > Wire.MaxDepth) throw new InvalidDataException($"The Arrow schema is nested more than {Wire.MaxDepth} levels deep.");
        var count = table.Count(slot, 4);
        if ((_fields += count) > Wire.MaxFields) throw new InvalidDataException($"The Arrow schema has more than {Wire.MaxFields} fields.");
        var fields = new Field[count];
        for (var i = 0; i < count; i++) fields[i] = ReadField(table.TableAt(slot, i), [.. path, i], depth);
        return fields;
    }

    private Field ReadField(FlatTable table, int[] path, int depth)
    {
        var name = table.Text(0) ?? "";
        var children = ReadFields(table, 5, path, depth + 1);
        var metadata = Metadata(table, 6);
        var type = ReadType((WireType)table.Byte(2), table.Table(3), children, name);
        if (table.Table(4) is { } encoding)
        {
            var id = encoding.Long(0);
            // Without an index type it is int32.
            var index = encoding.Table(1) is { } i ? Integer(i, name) : Int32Type.Default;
            Ids.Set(path, id);
            if (!Dictionaries.TryAdd(id, (type, path)) && !Dictionaries[id].Type.Equals(type))
                throw new InvalidDataException($"Dictionary {id} is used by fields of different types.");
            return new Field(name, new DictionaryType(index, type, encoding.Bool(2)), table.Bool(1), metadata);
        }
        return ExtensionMetadata.FromWire(name, type, table.Bool(1), metadata);
    }

    private static IArrowType ReadType(WireType kind, FlatTable? table, Field[] children, string name)
    {
        if (table is not { } t) throw new InvalidDataException($"Field '{name}' has no type.");
        switch (kind)
        {
            case WireType.Null: return NullType.Default;
            case WireType.Bool: return BooleanType.Default;
            case WireType.Int: return Integer(t, name);
            case WireType.FloatingPoint: return t.Short(0) switch { 0 => HalfFloatType.Default, 1 => FloatType.Default, 2 => DoubleType.Default, var p => throw Odd(name, $"floating point precision {p}") };
            case WireType.Decimal:
                if (t.Int(2, 128) != 128) throw new NotSupportedException($"Field '{name}': decimals of {t.Int(2, 128)} bits are not supported.");
                if (t.Int(0) is < 1 or > 38 || t.Int(1) is < -38 or > 38) throw Odd(name, $"decimal({t.Int(0)}, {t.Int(1)})");
                return new Decimal128Type(t.Int(0), t.Int(1));
            case WireType.Date: return t.Short(0, 1) == 0 ? Date32Type.Default : Date64Type.Default;
            case WireType.Time: return t.Int(1, 32) == 32 ? new Time32Type(Unit(t.Short(0, 1), name)) : new Time64Type(Unit(t.Short(0, 1), name));
            case WireType.Timestamp: return new TimestampType(Unit(t.Short(0), name), t.Text(1) is { Length: > 0 } zone ? zone : null);
            case WireType.Duration: return new DurationType(Unit(t.Short(0, 1), name));
            case WireType.Interval: return t.Short(0) is >= 0 and <= 2 ? new IntervalType((IntervalUnit)t.Short(0)) : throw Odd(name, $"interval unit {t.Short(0)}");
            case WireType.Utf8: return StringType.Default;
            case WireType.LargeUtf8: return LargeStringType.Default;
            case WireType.Binary: return BinaryType.Default;
            case WireType.LargeBinary: return LargeBinaryType.Default;
            case WireType.FixedSizeBinary: return t.Int(0) is >= 0 and <= int.MaxValue / 8 ? new FixedSizeBinaryType(t.Int(0)) : throw Odd(name, $"width {t.Int(0)}");
            case WireType.List: return new ListType(One(children, name));
            case WireType.LargeList: return new LargeListType(One(children, name));
            case WireType.FixedSizeList: return t.Int(0) >= 0 ? new FixedSizeListType(One(children, name), t.Int(0)) : throw Odd(name, $"list size {t.Int(0)}");
            case WireType.Struct: return new StructType(children);
            case WireType.Map:
                return One(children, name).DataType is StructType { Fields: [var key, var value] } ? new MapType(key, value, t.Bool(0)) : throw Odd(name, "a map without key and value");
            default: throw new NotSupportedException($"Field '{name}': Arrow's type {kind} is not supported.");
        }
    }

    private static FixedWidthType Integer(FlatTable t, string name) => (t.Int(0), t.Bool(1)) switch
    {
        (8, true) => Int8Type.Default,
        (16, true) => Int16Type.Default,
        (32, true) => Int32Type.Default,
        (64, true) => Int64Type.Default,
        (8, false) => UInt8Type.Default,
        (16, false) => UInt16Type.Default,
        (32, false) => UInt32Type.Default,
        (64, false) => UInt64Type.Default,
        var (bits, _) => throw Odd(name, $"an integer of {bits} bits"),
    };

    private static TimeUnit Unit(short unit, string name) => unit is >= 0 and <= 3 ? (TimeUnit)unit : throw Odd(name, $"time unit {unit}");
    private static Field One(Field[] children, string name) => children.Length == 1 ? children[0] : throw Odd(name, $"a list with {children.Length} children");
    private static InvalidDataException Odd(string name, string what) => new($"Field '{name}' has {what}, which Arrow does not define.");

    private static Dictionary<string, string>? Metadata(FlatTable table, int slot)
    {
        var count = table.Count(slot, 4);
        if (count == 0) return null;
        var pairs = new Dictionary<string, string>();
        for (var i = 0; i < count; i++)
        {
            var pair = table.TableAt(slot, i);
            pairs[pair.Text(0) ?? ""] = pair.Text(1) ?? "";
        }
        return pairs;
    }
}
