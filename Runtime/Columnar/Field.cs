namespace FlowForge.Columnar;

/// <summary>A named column of a schema or child of a nested type. Immutable.</summary>
public sealed class Field : IEquatable<Field>
{
    private static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    public Field(string name, IArrowType dataType, bool isNullable = true, IReadOnlyDictionary<string, string>? metadata = null)
    {
        Name = name ?? throw new ArgumentNullException(nameof(name));
        DataType = dataType ?? throw new ArgumentNullException(nameof(dataType));
        IsNullable = isNullable;
        Metadata = metadata ?? NoMetadata;
    }

    public string Name { get; }
    public IArrowType DataType { get; }
    public bool IsNullable { get; }

    /// <summary>Free text pairs; never null. Metadata takes no part in equality.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }
    public bool HasMetadata => Metadata.Count > 0;

    public Field WithName(string name) => new(name, DataType, IsNullable, Metadata);
    public Field WithMetadata(IReadOnlyDictionary<string, string>? metadata) => new(Name, DataType, IsNullable, metadata);

    public bool Equals(Field? other) =>
        other is not null && Name == other.Name && IsNullable == other.IsNullable && DataType.Equals(other.DataType);
    public override bool Equals(object? obj) => Equals(obj as Field);
    public override int GetHashCode() => HashCode.Combine(Name, IsNullable, DataType);
    public override string ToString() => $"{Name}: {DataType.Name}{(IsNullable ? "" : " not null")}";
}
