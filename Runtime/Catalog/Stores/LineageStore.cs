namespace FlowForge.Catalog;

/// <summary>Which table is made from which. Thread-safe.</summary>
public sealed class LineageStore
{
    private readonly CatalogDatabase _database;

    internal LineageStore(CatalogDatabase database) => _database = database;

    /// <summary>Replaces the inputs of a table.</summary>
    /// <param name="inputs">With layer; a source's name for bronze tables.</param>
    public void Record(string table, string pipeline, string jobId, IReadOnlyCollection<string> inputs) => _database.WriteQuick(
        s =>
        {
            s.Execute("DELETE FROM lineage WHERE table_name = @table", ("table", table));
            foreach (var input in inputs.Distinct())
            {
                s.Execute(
                    "INSERT INTO lineage (table_name, input, pipeline, job_id) VALUES (@table, @input, @pipeline, @job)",
                    ("table", table), ("input", input), ("pipeline", pipeline), ("job", jobId));
            }
            return 0;
        },
        new CatalogChange(CatalogChangeKind.Table, table));

    /// <summary>What the table is made from.</summary>
    public IReadOnlyList<LineageEdge> Inputs(string table) =>
        _database.Read(s => s.Rows("SELECT * FROM lineage WHERE table_name = @table ORDER BY input", Map, ("table", table)));

    /// <summary>What is made from the table.</summary>
    public IReadOnlyList<LineageEdge> Outputs(string table) =>
        _database.Read(s => s.Rows("SELECT * FROM lineage WHERE input = @table ORDER BY table_name", Map, ("table", table)));

    /// <summary>The whole graph.</summary>
    public IReadOnlyList<LineageEdge> All() => _database.Read(s => s.Rows("SELECT * FROM lineage ORDER BY table_name, input", Map));

    private static LineageEdge Map(SqlRow row) => new(row.Text("table_name"), row.Text("input"), row.Text("pipeline"), row.Text("job_id"));
}
