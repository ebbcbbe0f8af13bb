using System.Globalization;
using System.Text.Json;
using FlowForge.Lake.Log;

namespace FlowForge.Lake.Schema;

/// <summary>Gives columns of a mapped table their ids and physical names. A column that comes back under one transaction keeps what it got. Not thread-safe.</summary>
internal sealed class ColumnIds
{
    private readonly Dictionary<string, TableColumn> given = new(StringComparer.OrdinalIgnoreCase);
    private readonly bool keepNames;

    /// <summary>Ids go on from the table's greatest.</summary>
    /// <param name="metadata">The table.</param>
    /// <param name="keepNames">True where files are there already: the physical name is then the name that the columns have now.</param>
    public ColumnIds(MetadataAction metadata, bool keepNames = false)
    {
        this.keepNames = keepNames;
        Greatest = Math.Max(Greatest, Ids(metadata.Schema.Columns).DefaultIfEmpty(0).Max());
        if (metadata.Configuration.TryGetValue(ColumnMapping.MaxIdKey, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var greatest)) Greatest = Math.Max(Greatest, greatest);
    }

    /// <summary>The greatest id given so far.</summary>
    public long Greatest { get; private set; }

    /// <summary>The schema with an id and a physical name for every column and field.</summary>
    public TableSchema Assign(TableSchema schema) => new(schema.Columns.Select(c =>
    {
        if (ColumnMapping.PhysicalName(c) is null && given.TryGetValue(c.Name, out var earlier) && earlier.Type.Equals(c.Type)) return earlier;
        return given[c.Name] = Column(c);
    }));

    private static IEnumerable<long> Ids(IEnumerable<TableColumn> columns) => columns.SelectMany(c => Inner(c.Type).Append(ColumnMapping.Id(c) ?? 0));

    private static IEnumerable<long> Inner(DeltaType type) => type switch
    {
        StructType s => Ids(s.Fields),
        ArrayType a => Inner(a.Element),
        MapType m => Inner(m.Key).Concat(Inner(m.Value)),
        _ => [],
    };

    private TableColumn Column(TableColumn column)
    {
        var mapped = column with { Type = Type(column.Type) };
        if (ColumnMapping.Id(mapped) is null) mapped = mapped.With(ColumnMapping.IdKey, JsonSerializer.SerializeToElement(++Greatest));
        if (ColumnMapping.PhysicalName(mapped) is null) mapped = mapped.With(ColumnMapping.PhysicalNameKey, JsonSerializer.SerializeToElement(keepNames ? column.Name : $"col-{Guid.NewGuid():D}"));
        return mapped;
    }

    private DeltaType Type(DeltaType type) => type switch
    {
        StructType s => new StructType([.. s.Fields.Select(Column)]),
        ArrayType a => a with { Element = Type(a.Element) },
        MapType m => m with { Key = Type(m.Key), Value = Type(m.Value) },
        _ => type,
    };
}
