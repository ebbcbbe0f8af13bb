namespace FlowForge.Catalog;

/// <summary>One column is made from another.</summary>
/// <param name="Table">With layer.</param>
/// <param name="Column">Null for a condition: the input decides which rows the table has.</param>
/// <param name="Kind"><c>copied derived aggregated condition</c>.</param>
/// <param name="Input">A table with its layer.</param>
/// <param name="InputColumn">Its column.</param>
public sealed record ColumnEdge(string Table, string? Column, string Kind, string Input, string InputColumn);

/// <summary>Which columns are made from which, by table version. Thread-safe.</summary>
public sealed class ColumnLineageStore
{
    /// <summary>The kind of an edge that decides on rows.</summary>
    public const string Condition = "condition";

    private const string Newest = "table_version = (SELECT max(n.table_version) FROM column_lineage n WHERE n.table_name = l.table_name)";

    private readonly CatalogDatabase _database;

    internal ColumnLineageStore(CatalogDatabase database) => _database = database;

    /// <summary>Notes the lineage of a version; nothing is written when it is that of the version before.</summary>
    public void Record(string table, long version, IReadOnlyCollection<ColumnEdge> edges)
    {
        if (edges.Count == 0 || Of(table).ToHashSet().SetEquals(edges)) return;
        _database.WriteQuick(
            s =>
            {
                s.Execute("DELETE FROM column_lineage WHERE table_name = @table AND table_version = @version", ("table", table), ("version", version));
                foreach (var edge in edges.Distinct())
                {
                    s.Execute(
                        "INSERT INTO column_lineage (table_name, table_version, column_name, kind, input, input_column) VALUES (@table, @version, @column, @kind, @input, @inputColumn)",
                        ("table", table), ("version", version), ("column", edge.Column ?? ""), ("kind", edge.Kind), ("input", edge.Input), ("inputColumn", edge.InputColumn));
                }
                return 0;
            },
            new CatalogChange(CatalogChangeKind.Table, table));
    }

    /// <summary>What the columns of a version are made from; of the newest one when it is null.</summary>
    public IReadOnlyList<ColumnEdge> Of(string table, long? version = null) => _database.Read(s => s.Rows(
        $"""
        SELECT * FROM column_lineage l WHERE table_name = @table
          AND table_version = (SELECT max(n.table_version) FROM column_lineage n WHERE n.table_name = @table {(version is null ? "" : "AND n.table_version <= @version")})
        ORDER BY column_name, input, input_column
        """, Map, ("table", table), ("version", version)));

    /// <summary>What is made from a column now.</summary>
    public IReadOnlyList<ColumnEdge> From(string input, string column) => _database.Read(s => s.Rows(
        $"SELECT * FROM column_lineage l WHERE input = @input AND input_column = @column COLLATE NOCASE AND {Newest} ORDER BY table_name, column_name", Map, ("input", input), ("column", column)));

    private static ColumnEdge Map(SqlRow row) =>
        new(row.Text("table_name"), row.Text("column_name") is { Length: > 0 } column ? column : null, row.Text("kind"), row.Text("input"), row.Text("input_column"));
}
