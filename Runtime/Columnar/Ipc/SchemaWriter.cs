namespace FlowForge.Columnar.Ipc;

/// <summary>Schemas to FlatBuffers.</summary>
internal static class SchemaWriter
{
    /// <summary>Writes the table <c>Schema</c> and returns its position.</summary>
    public static int Write(FlatBuilder b, Schema schema, DictionaryIds ids)
    {
        var fields = b.Vector(WriteAll(b, schema.FieldsList, [], ids));
        var metadata = Metadata(b, schema.Metadata);
        b.StartTable(4);
        b.AddShort(0, 0);
        b.AddOffset(1, fields);
        b.AddOffset(2, metadata);
        return b.EndTable();
    }

    private static int[] WriteAll(FlatBuilder b, IReadOnlyList<Field> fields, int[] path, DictionaryIds ids) =>
        fields.Select((f, i) => WriteField(b, f, [.. path, i], ids)).ToArray();

    private static int WriteField(FlatBuilder b, Field field, int[] path, DictionaryIds ids)
    {
        var name = b.Text(field.Name);
        var metadata = Metadata(b, ExtensionMetadata.ToWire(field));
        // A dictionary's field shows the type of its values; the index type stands in the encoding.
        var dictionary = field.DataType as DictionaryType;
        var type = dictionary?.ValueType ?? field.DataType;
        var children = b.Vector(type is NestedType nested ? WriteAll(b, nested.Fields, path, ids) : []);
        var encoding = dictionary is null ? 0 : Encoding(b, dictionary, ids.Of(path));
        var (kind, typeTable) = Type(b, type);
        b.StartTable(7);
        b.AddOffset(0, name);
        b.AddBool(1, field.IsNullable);
        b.AddByte(2, (byte)kind);
        b.AddOffset(3, typeTable);
        b.AddOffset(4, encoding);
        b.AddOffset(5, children);
        b.AddOffset(6, metadata);
        return b.EndTable();
    }

    private static int Encoding(FlatBuilder b, DictionaryType type, long id)
    {
        var index = Type(b, type.IndexType).Position;
        b.StartTable(4);
        b.AddLong(0, id);
        b.AddOffset(1, index);
        b.AddBool(2, type.Ordered);
        return b.EndTable();
    }

    private static (WireType Kind, int Position) Type(FlatBuilder b, IArrowType type)
    {
        switch (type)
        {
            case NullType: return (WireType.Null, Empty(b));
            case BooleanType: return (WireType.Bool, Empty(b));
            case HalfFloatType or FloatType or DoubleType:
                b.StartTable(1);
                b.AddShort(0, (short)(type is HalfFloatType ? 0 : type is FloatType ? 1 : 2));
                return (WireType.FloatingPoint, b.EndTable());
            case Decimal128Type t:
                b.StartTable(3);
                b.AddInt(0, t.Precision);
                b.AddInt(1, t.Scale);
                b.AddInt(2, 128);
                return (WireType.Decimal, b.EndTable());
            case Date32Type or Date64Type:
                b.StartTable(1);
                b.AddShort(0, (short)(type is Date32Type ? 0 : 1));
                return (WireType.Date, b.EndTable());
            case Time32Type t: return Time(b, t.Unit, 32);
            case Time64Type t: return Time(b, t.Unit, 64);
            case TimestampType t:
                var zone = t.Timezone is null ? 0 : b.Text(t.Timezone);
                b.StartTable(2);
                b.AddShort(0, (short)t.Unit);
                b.AddOffset(1, zone);
                return (WireType.Timestamp, b.EndTable());
            case DurationType t:
                b.StartTable(1);
                b.AddShort(0, (short)t.Unit);
                return (WireType.Duration, b.EndTable());
            case IntervalType t:
                b.StartTable(1);
                b.AddShort(0, (short)t.Unit);
                return (WireType.Interval, b.EndTable());
            case StringType: return (WireType.Utf8, Empty(b));
            case LargeStringType: return (WireType.LargeUtf8, Empty(b));
            case BinaryType: return (WireType.Binary, Empty(b));
            case LargeBinaryType: return (WireType.LargeBinary, Empty(b));
            case FixedSizeBinaryType t:
                b.StartTable(1);
                b.AddInt(0, t.Width);
                return (WireType.FixedSizeBinary, b.EndTable());
            case ListType: return (WireType.List, Empty(b));
            case LargeListType: return (WireType.LargeList, Empty(b));
            case StructType: return (WireType.Struct, Empty(b));
            case FixedSizeListType t:
                b.StartTable(1);
                b.AddInt(0, t.ListSize);
                return (WireType.FixedSizeList, b.EndTable());
            case MapType t:
                b.StartTable(1);
                b.AddBool(0, t.KeysSorted);
                return (WireType.Map, b.EndTable());
            case FixedWidthType t when t.TypeId is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64:
                b.StartTable(2);
                b.AddInt(0, t.BitWidth);
                b.AddBool(1, t.TypeId <= ArrowTypeId.Int64);
                return (WireType.Int, b.EndTable());
            default: throw new NotSupportedException($"{type.Name} cannot be written to Arrow IPC.");
        }
    }

    private static (WireType, int) Time(FlatBuilder b, TimeUnit unit, int bits)
    {
        b.StartTable(2);
        b.AddShort(0, (short)unit);
        b.AddInt(1, bits);
        return (WireType.Time, b.EndTable());
    }

    private static int Empty(FlatBuilder b)
    {
        b.StartTable(0);
        return b.EndTable();
    }

    private static int Metadata(FlatBuilder b, IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0) return 0;
        var tables = new List<int>();
        foreach (var (key, value) in pairs)
        {
            var (k, v) = (b.Text(key), b.Text(value));
            b.StartTable(2);
            b.AddOffset(0, k);
            b.AddOffset(1, v);
            tables.Add(b.EndTable());
        }
        return b.Vector(tables);
    }
}
