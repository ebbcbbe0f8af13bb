namespace FlowForge.Columnar.Ipc;

/// <summary>The dictionaries read so far, by number: replaced or extended by later messages.</summary>
internal sealed class DictionaryStore(SchemaReader schema)
{
    private readonly Dictionary<long, ArrayData> _values = [];

    public IReadOnlyDictionary<long, ArrayData> Values => _values;

    public void Read(Message message)
    {
        var id = message.Header.Long(0);
        if (!schema.Dictionaries.TryGetValue(id, out var use)) throw new InvalidDataException($"The Arrow data has a dictionary {id} that no field uses.");
        var table = message.Header.Table(1) ?? throw new InvalidDataException($"Dictionary {id} of the Arrow data has no values.");
        var values = new BatchReader(table, message.Body, schema.Ids, _values).Read(use.Type, use.Path);
        _values[id] = message.Header.Bool(2) && _values.TryGetValue(id, out var before) ? Concat(before, values) : values;
    }

    private static ArrayData Concat(ArrayData first, ArrayData second)
    {
        var builder = ArrayBuilder.Create(first.Type);
        foreach (var part in new[] { first, second })
        {
            using var array = ArrowArrayFactory.Build(part);
            for (var i = 0; i < array.Length; i++) builder.AppendObject(array.GetObject(i));
        }
        return builder.BuildData();
    }
}
