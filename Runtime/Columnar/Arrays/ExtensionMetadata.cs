namespace FlowForge.Columnar;

/// <summary>Arrow's extension types as they travel in field metadata. Only <c>arrow.uuid</c> is known; others keep their storage type and metadata.</summary>
internal static class ExtensionMetadata
{
    private const string NameKey = "ARROW:extension:name";
    private const string TextKey = "ARROW:extension:metadata";
    private const string Uuid = "arrow.uuid";

    /// <summary>The metadata a field is written with.</summary>
    public static IReadOnlyDictionary<string, string> ToWire(Field field)
    {
        if (field.DataType is not UuidType) return field.Metadata;
        return new Dictionary<string, string>(field.Metadata) { [NameKey] = Uuid, [TextKey] = "" };
    }

    /// <summary>The field that storage type and metadata stand for.</summary>
    public static Field FromWire(string name, IArrowType storage, bool nullable, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null || storage is not FixedSizeBinaryType { Width: 16 } || !metadata.TryGetValue(NameKey, out var extension) || extension != Uuid)
            return new Field(name, storage, nullable, metadata);
        var rest = metadata.Where(p => p.Key is not NameKey and not TextKey).ToDictionary(p => p.Key, p => p.Value);
        return new Field(name, UuidType.Default, nullable, rest);
    }
}
