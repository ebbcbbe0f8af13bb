namespace FlowForge.Columnar;

/// <summary>A type with child fields.</summary>
public abstract record NestedType : ArrowType
{
    /// <summary>The children in the order of the child arrays.</summary>
    public abstract IReadOnlyList<Field> Fields { get; }
}

/// <summary>Lists with 32-bit offsets into one child array.</summary>
public sealed record ListType(Field ValueField) : NestedType
{
    public ListType(IArrowType valueType) : this(new Field("item", valueType)) { }
    public IArrowType ValueType => ValueField.DataType;
    public override IReadOnlyList<Field> Fields => [ValueField];
    public override ArrowTypeId TypeId => ArrowTypeId.List;
    public override string Name => $"list<{ValueField.DataType.Name}>";
}

/// <summary>Lists with 64-bit offsets into one child array.</summary>
public sealed record LargeListType(Field ValueField) : NestedType
{
    public override IReadOnlyList<Field> Fields => [ValueField];
    public override ArrowTypeId TypeId => ArrowTypeId.LargeList;
    public override string Name => $"large_list<{ValueField.DataType.Name}>";
}

/// <summary>Lists that all have <see cref="ListSize"/> elements.</summary>
public sealed record FixedSizeListType : NestedType
{
    public FixedSizeListType(Field valueField, int listSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(listSize);
        ValueField = valueField;
        ListSize = listSize;
    }

    public Field ValueField { get; }
    public int ListSize { get; }
    public override IReadOnlyList<Field> Fields => [ValueField];
    public override ArrowTypeId TypeId => ArrowTypeId.FixedSizeList;
    public override string Name => $"fixed_size_list<{ValueField.DataType.Name}>[{ListSize}]";
}

/// <summary>Rows inside a row.</summary>
public sealed record StructType : NestedType
{
    public StructType(IEnumerable<Field> fields) => Fields = fields.ToArray();
    public override IReadOnlyList<Field> Fields { get; }
    public override ArrowTypeId TypeId => ArrowTypeId.Struct;
    public override string Name => $"struct<{string.Join(", ", Fields.Select(f => $"{f.Name}: {f.DataType.Name}"))}>";
    public bool Equals(StructType? other) => other is not null && Fields.SequenceEqual(other.Fields);
    public override int GetHashCode() => Fields.Aggregate(17, (h, f) => HashCode.Combine(h, f));
}

/// <summary>Key-value pairs: a list of two-field structs. Keys are never null.</summary>
public sealed record MapType(Field KeyField, Field ValueField, bool KeysSorted = false) : NestedType
{
    public MapType(IArrowType key, IArrowType value) : this(new Field("key", key, false), new Field("value", value)) { }
    public StructType EntriesType => new([KeyField, ValueField]);
    public override IReadOnlyList<Field> Fields => [new Field("entries", EntriesType, false)];
    public override ArrowTypeId TypeId => ArrowTypeId.Map;
    public override string Name => $"map<{KeyField.DataType.Name}, {ValueField.DataType.Name}>";
}

/// <summary>Values kept once in a dictionary; each row holds an integer index into it.</summary>
public sealed record DictionaryType : FixedWidthType
{
    public DictionaryType(IArrowType indexType, IArrowType valueType, bool ordered = false)
    {
        if (indexType.TypeId is < ArrowTypeId.Int8 or > ArrowTypeId.UInt64)
            throw new ArgumentException($"The index type of a dictionary is an integer, not {indexType.Name}.", nameof(indexType));
        IndexType = (FixedWidthType)indexType;
        ValueType = valueType;
        Ordered = ordered;
    }

    public FixedWidthType IndexType { get; }
    public IArrowType ValueType { get; }

    /// <summary>The order of the dictionary is the order of the values.</summary>
    public bool Ordered { get; }
    public override ArrowTypeId TypeId => ArrowTypeId.Dictionary;
    public override string Name => $"dictionary<{IndexType.Name}, {ValueType.Name}>";
    public override int BitWidth => IndexType.BitWidth;
}
