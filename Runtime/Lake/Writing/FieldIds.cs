using System.Globalization;
using FlowForge.Duck;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>The Parquet field ids of columns as DuckDB's <c>FIELD_IDS</c> wants them.</summary>
internal static class FieldIds
{
    /// <summary>Columns that have an id, with those of their fields.</summary>
    public static string Of(IEnumerable<TableColumn> columns) => "{" + string.Join(", ", Fields(columns)) + "}";

    private static IEnumerable<string> Fields(IEnumerable<TableColumn> columns) =>
        columns.Select(c => (c.Name, Ids: One(ColumnMapping.Id(c), c.Type))).Where(c => c.Ids is not null).Select(c => $"{SqlText.Literal(c.Name)}: {c.Ids}");

    private static string? One(long? id, DeltaType type)
    {
        var own = id?.ToString(CultureInfo.InvariantCulture);
        var inner = type switch
        {
            StructType s => [.. Fields(s.Fields)],
            ArrayType a => Named(("element", One(null, a.Element))),
            MapType m => Named(("key", One(null, m.Key)), ("value", One(null, m.Value))),
            _ => new List<string>(),
        };
        if (inner.Count == 0) return own;
        if (own is not null) inner.Insert(0, "__duckdb_field_id: " + own);
        return "{" + string.Join(", ", inner) + "}";
    }

    private static List<string> Named(params (string Name, string? Ids)[] parts) => [.. parts.Where(p => p.Ids is not null).Select(p => $"{p.Name}: {p.Ids}")];
}
