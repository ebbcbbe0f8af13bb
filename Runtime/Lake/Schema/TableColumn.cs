using System.Collections.Immutable;
using System.Text.Json;

namespace FlowForge.Lake.Schema;

/// <summary>A column, or a field of a struct. Compared by name, type and nullability; metadata does not count.</summary>
/// <param name="Name">As in the Parquet files and in SQL.</param>
/// <param name="Type">The Delta type.</param>
/// <param name="Nullable">False when the table forbids NULL.</param>
/// <param name="Metadata">The field's metadata in the log, values as JSON.</param>
public sealed record TableColumn(string Name, DeltaType Type, bool Nullable = true, ImmutableSortedDictionary<string, JsonElement>? Metadata = null)
{
    /// <summary>The metadata key that keeps the source's own name of a column.</summary>
    public const string OriginalNameKey = "flowforge.originalName";

    /// <summary>Columns that begin so belong to FlowForge (run, file, record) and are left out of <c>SELECT *</c>.</summary>
    public const string ReservedPrefix = "_ff_";

    /// <summary>The name at the source, when it differs from <see cref="Name"/>.</summary>
    public string? OriginalName =>
        Metadata is not null && Metadata.TryGetValue(OriginalNameKey, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>True for FlowForge's own columns.</summary>
    public bool IsReserved => Name.StartsWith(ReservedPrefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>The type as DuckDB writes it.</summary>
    public string DuckType => Type.DuckType;

    /// <summary>The same column with the source's name noted, when that differs.</summary>
    public TableColumn WithOriginalName(string original) =>
        original == Name ? this : With(OriginalNameKey, JsonSerializer.SerializeToElement(original));

    /// <summary>The same column with one metadata entry set.</summary>
    public TableColumn With(string key, JsonElement value) =>
        this with { Metadata = (Metadata ?? ImmutableSortedDictionary.Create<string, JsonElement>(StringComparer.Ordinal)).SetItem(key, value) };

    public bool Equals(TableColumn? other) => other is not null && Name == other.Name && Nullable == other.Nullable && Type.Equals(other.Type);

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}
