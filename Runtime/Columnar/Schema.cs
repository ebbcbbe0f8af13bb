namespace FlowForge.Columnar;

/// <summary>The columns of record batches. Immutable.</summary>
public sealed class Schema : IEquatable<Schema>
{
    private readonly Field[] _fields;
    private readonly Dictionary<string, int> _index;

    public Schema(IEnumerable<Field> fields, IReadOnlyDictionary<string, string>? metadata = null)
    {
        _fields = fields.ToArray();
        Metadata = metadata ?? new Dictionary<string, string>();
        _index = new Dictionary<string, int>(_fields.Length, StringComparer.Ordinal);
        for (var i = 0; i < _fields.Length; i++) _index.TryAdd(_fields[i].Name, i);
    }

    public IReadOnlyList<Field> FieldsList => _fields;
    public IReadOnlyDictionary<string, string> Metadata { get; }
    public bool HasMetadata => Metadata.Count > 0;

    /// <summary>Position of the first field of this exact name, or -1.</summary>
    public int GetFieldIndex(string name) => _index.TryGetValue(name, out var i) ? i : -1;
    public Field GetFieldByIndex(int index) => _fields[index];

    /// <summary>The first field of this exact name, or null.</summary>
    public Field? GetFieldByName(string name) => _index.TryGetValue(name, out var i) ? _fields[i] : null;

    public bool Equals(Schema? other) => other is not null && _fields.AsSpan().SequenceEqual(other._fields);
    public override bool Equals(object? obj) => Equals(obj as Schema);
    public override int GetHashCode() => _fields.Aggregate(17, (h, f) => HashCode.Combine(h, f));
    public override string ToString() => string.Join(", ", _fields.Select(f => f.ToString()));
}
