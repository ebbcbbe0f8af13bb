using System.Collections.Frozen;

namespace FlowForge.Lake.Schema;

/// <summary>A table's columns in order. Names are unique regardless of case, as Delta demands. Immutable.</summary>
public sealed class TableSchema : IEquatable<TableSchema>
{
    private readonly FrozenDictionary<string, int> byName;

    /// <summary>A schema of these columns.</summary>
    /// <exception cref="LakeException">Two names differ in case only, or a name cannot stand in Parquet for every reader.</exception>
    public TableSchema(IEnumerable<TableColumn> columns) : this(columns, anyNames: false)
    {
    }

    internal TableSchema(IEnumerable<TableColumn> columns, bool anyNames)
    {
        Columns = [.. columns];
        var names = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < Columns.Count; i++)
        {
            var name = Columns[i].Name;
            // With column mapping the name stands in no file.
            if (!anyNames && ColumnMapping.PhysicalName(Columns[i]) is null && ColumnNames.Problem(name) is { } problem) throw new LakeException($"Column '{name}': {problem}. Give it another name, for example {ColumnNames.Standard(name)}.");
            if (!names.TryAdd(name, i)) throw new LakeException($"Columns '{Columns[names[name]].Name}' and '{name}' have the same name, as case does not count. Rename one.");
        }
        byName = names.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All columns, the reserved ones included, partition columns where the schema has them.</summary>
    public IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>The column of that name (any case), or null.</summary>
    public TableColumn? Find(string name) => byName.TryGetValue(name, out var i) ? Columns[i] : null;

    /// <summary>The schema of rows with these DuckDB columns; types that Delta lacks become the nearest one it has.</summary>
    public static TableSchema FromDuck(IEnumerable<(string Name, string Type)> columns) =>
        new(columns.Select(c => new TableColumn(c.Name, DuckTypes.ToDelta(c.Type))));

    public bool Equals(TableSchema? other) => other is not null && Columns.SequenceEqual(other.Columns);

    public override bool Equals(object? obj) => Equals(obj as TableSchema);

    public override int GetHashCode() => Columns.Count;

    public override string ToString() => string.Join(", ", Columns.Select(c => $"{c.Name} {c.Type}"));
}
