using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Writing;

/// <summary>Decides which types new rows get, and what the table's schema is after a commit.</summary>
internal static class SchemaPlan
{
    /// <summary>The columns to write for rows with <paramref name="columns"/>: the table's own types first, then the wished ones, then the query's.</summary>
    /// <param name="table">Shown in messages.</param>
    /// <param name="columns">Name and DuckDB type of each column of the rows.</param>
    /// <param name="existing">The schema that the rows must fit, or null.</param>
    /// <param name="wished">Types and metadata by name, or null.</param>
    /// <param name="anyNames">True where the names stand in no file.</param>
    public static TableSchema ForRows(string table, IReadOnlyList<(string Name, string Type)> columns, TableSchema? existing, TableSchema? wished, bool anyNames = false)
    {
        var written = new List<TableColumn>();
        foreach (var (name, duckType) in columns)
        {
            var proposed = wished?.Find(name) is { } wish ? wish with { Name = name } : new TableColumn(name, DuckTypes.ToDelta(duckType));
            if (existing?.Find(name) is { } old)
            {
                // A column of nothing but NULL has no type of its own.
                if (duckType is not ("NULL" or "\"NULL\"") && !TypeFit.Fits(proposed.Type, old.Type)) throw Mismatch(table, name, proposed.Type, old.Type);
                proposed = old;
            }
            written.Add(proposed);
        }
        var order = existing?.Columns.Select((c, i) => (c.Name, i)).ToDictionary(c => c.Name, c => c.i, StringComparer.OrdinalIgnoreCase);
        return new TableSchema(written.Select((c, i) => (c, i)).OrderBy(p => order is not null && order.TryGetValue(p.c.Name, out var at) ? at : int.MaxValue).ThenBy(p => p.i).Select(p => p.c), anyNames);
    }

    /// <summary>The table's schema when rows of <paramref name="added"/> come to it: old columns keep their place, new ones follow.</summary>
    public static TableSchema Merge(string table, TableSchema old, TableSchema added, SchemaEvolution evolution)
    {
        var columns = old.Columns.ToList();
        foreach (var column in added.Columns)
        {
            if (old.Find(column.Name) is not { } existing) columns.Add(column with { Nullable = true });
            else if (!TypeFit.Fits(column.Type, existing.Type)) throw Mismatch(table, column.Name, column.Type, existing.Type);
        }
        if (columns.Count == old.Columns.Count) return old;
        if (evolution == SchemaEvolution.Refuse)
        {
            var names = string.Join(", ", columns.Skip(old.Columns.Count).Select(c => $"'{c.Name}'"));
            throw new SchemaMismatchException($"Table {table} has no column {names}, and new columns are refused here. Leave them out, or allow the schema to grow.");
        }
        return new TableSchema(columns);
    }

    /// <summary>The schema with metadata for columns of the same name taken over from another. What Delta itself noted (<c>delta.…</c>) stays unless the other says it anew.</summary>
    public static TableSchema WithMetadata(TableSchema schema, TableSchema? from) =>
        from is null ? schema : new TableSchema(schema.Columns.Select(c => from.Find(c.Name)?.Metadata is { } metadata
            ? c with { Metadata = metadata.AddRange((c.Metadata ?? System.Collections.Immutable.ImmutableSortedDictionary<string, System.Text.Json.JsonElement>.Empty).Where(m => m.Key.StartsWith("delta.", StringComparison.Ordinal) && !metadata.ContainsKey(m.Key))) } : c), anyNames: true);

    private static SchemaMismatchException Mismatch(string table, string column, DeltaType found, DeltaType wanted) =>
        new($"Column '{column}' of {table} is {wanted} in the table and {found} in the new rows, which does not fit into it without loss. Cast the column in the query, or overwrite the table.");
}
