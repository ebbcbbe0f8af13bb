using System.Text.Json;
using FlowForge.Duck;
using FlowForge.Lake.Log;

namespace FlowForge.Lake.Schema;

/// <summary>How a table's columns are found in its files.</summary>
internal enum ColumnMappingMode
{
    /// <summary>By the column's own name.</summary>
    None,

    /// <summary>By the physical name that the schema notes for the column.</summary>
    Name,

    /// <summary>By the Parquet field id that the schema notes for the column; a file without ids has NULL everywhere.</summary>
    Id,
}

/// <summary>
/// Column mapping: files, partition values and statistics know a column by its physical name, people by its display name, which may change. Immutable.
/// </summary>
internal sealed class ColumnMapping
{
    public const string Feature = "columnMapping";
    public const string ModeKey = "delta.columnMapping.mode";
    public const string MaxIdKey = "delta.columnMapping.maxColumnId";
    public const string PhysicalNameKey = "delta.columnMapping.physicalName";
    public const string IdKey = "delta.columnMapping.id";

    public static readonly ColumnMapping None = new(ColumnMappingMode.None);

    private ColumnMapping(ColumnMappingMode mode) => Mode = mode;

    public ColumnMappingMode Mode { get; }

    public bool IsOn => Mode != ColumnMappingMode.None;

    /// <summary>The mapping of a table. The property counts only where the protocol allows it.</summary>
    public static ColumnMapping Of(ProtocolAction protocol, MetadataAction? metadata)
    {
        var allowed = protocol.MinReaderVersion == 2 || protocol.ReaderFeatures?.Contains(Feature) == true;
        var mode = metadata?.Configuration.GetValueOrDefault(ModeKey, "none") ?? "none";
        if (!allowed || mode == "none") return None;
        return mode switch
        {
            "name" => new ColumnMapping(ColumnMappingMode.Name),
            "id" => new ColumnMapping(ColumnMappingMode.Id),
            _ => throw new LakeException($"The table's property {ModeKey} is '{mode}'; known are none, name and id."),
        };
    }

    /// <summary>The column's name in files, partition values and statistics.</summary>
    public string Physical(TableColumn column) => IsOn ? PhysicalName(column) ?? column.Name : column.Name;

    /// <summary>Physical names of partition columns.</summary>
    public IReadOnlyList<string> Physical(IReadOnlyList<string> columns, TableSchema schema) => IsOn ? [.. columns.Select(c => Physical(schema.Find(c)!))] : columns;

    /// <summary>The columns as the files have them, inner fields too.</summary>
    public TableSchema Physical(TableSchema schema) => IsOn ? new TableSchema(schema.Columns.Select(PhysicalColumn)) : schema;

    /// <summary>The type with physical names inside.</summary>
    public DeltaType Physical(DeltaType type) => !IsOn ? type : type switch
    {
        StructType s => new StructType([.. s.Fields.Select(PhysicalColumn)]),
        ArrayType a => a with { Element = Physical(a.Element) },
        MapType m => m with { Key = Physical(m.Key), Value = Physical(m.Value) },
        _ => type,
    };

    /// <summary>SQL that gives a value of the column's files the display names inside.</summary>
    public string ToLogical(string expression, DeltaType type) => IsOn ? Rename(expression, Physical(type), type, 0) : expression;

    /// <summary>SQL that gives a value the names that files have inside.</summary>
    public string ToPhysical(string expression, DeltaType type) => IsOn ? Rename(expression, type, Physical(type), 0) : expression;

    /// <summary>The id that the schema notes for the column.</summary>
    public static long? Id(TableColumn column) =>
        column.Metadata is not null && column.Metadata.TryGetValue(IdKey, out var id) && id.ValueKind == JsonValueKind.Number ? id.GetInt64() : null;

    /// <summary>The physical name that the schema notes for the column.</summary>
    public static string? PhysicalName(TableColumn column) =>
        column.Metadata is not null && column.Metadata.TryGetValue(PhysicalNameKey, out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;

    private TableColumn PhysicalColumn(TableColumn column) => column with { Name = Physical(column), Type = Physical(column.Type) };

    private static string Rename(string expression, DeltaType from, DeltaType to, int depth)
    {
        if (from.DuckType == to.DuckType) return expression;
        var element = $"e{depth}";
        var renamed = (from, to) switch
        {
            (StructType a, StructType b) => "struct_pack(" + string.Join(", ", a.Fields.Zip(b.Fields).Select(f =>
                $"{SqlText.Identifier(f.Second.Name)} := {Rename($"struct_extract({expression}, {SqlText.Literal(f.First.Name)})", f.First.Type, f.Second.Type, depth)}")) + ")",
            (ArrayType a, ArrayType b) => List(expression, a.Element, b.Element),
            (MapType a, MapType b) => $"map({List($"map_keys({expression})", a.Key, b.Key)}, {List($"map_values({expression})", a.Value, b.Value)})",
            _ => expression,
        };
        return $"CASE WHEN {expression} IS NOT NULL THEN {renamed} END";

        string List(string list, DeltaType a, DeltaType b) => a.DuckType == b.DuckType ? list : $"list_transform({list}, lambda {element}: {Rename(element, a, b, depth + 1)})";
    }
}
