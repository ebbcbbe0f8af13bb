using System.Buffers.Binary;

namespace FlowForge.Columnar.Ipc;

/// <summary>Arrays out of the body of a message. Nothing is trusted: every array is checked before it is handed out.</summary>
internal sealed class BatchReader(FlatTable batch, ReadOnlyMemory<byte> body, DictionaryIds ids, IReadOnlyDictionary<long, ArrayData> dictionaries)
{
    private int _node;
    private int _buffer;

    public int Length { get; } = Number(batch.Long(0), "The length of a record batch");

    /// <summary>Arrays of the fields of a schema.</summary>
    public List<ArrayData> Read(IReadOnlyList<Field> fields)
    {
        RefuseCompression();
        var arrays = new List<ArrayData>(fields.Count);
        for (var i = 0; i < fields.Count; i++) arrays.Add(Next(fields[i].DataType, [i]));
        Complete();
        return arrays;
    }

    /// <summary>The one array of a dictionary batch, at the path of the field that uses it.</summary>
    public ArrayData Read(IArrowType type, int[] path)
    {
        RefuseCompression();
        var array = Next(type, path, isValues: true);
        Complete();
        return array;
    }

    private void RefuseCompression()
    {
        if (batch.Table(3) is { } compression)
            throw new NotSupportedException($"The Arrow data has {(compression.Byte(0) == 0 ? "lz4" : "zstd")}-compressed bodies, which are not supported: write it uncompressed.");
    }

    private void Complete()
    {
        if (_node != batch.Count(1, 16) || _buffer != batch.Count(2, 16))
            throw new InvalidDataException($"The Arrow batch has {batch.Count(1, 16)} arrays and {batch.Count(2, 16)} buffers, its schema {_node} and {_buffer}.");
    }

    private ArrayData Next(IArrowType type, int[] path, bool isValues = false)
    {
        if (_node >= batch.Count(1, 16)) throw new InvalidDataException("The Arrow batch has fewer arrays than its schema.");
        var node = batch.StructAt(1, _node++, 16);
        var length = Number(BinaryPrimitives.ReadInt64LittleEndian(node), "The length of an array");
        var nulls = BinaryPrimitives.ReadInt64LittleEndian(node[8..]);
        if (nulls < 0 || nulls > length) throw new InvalidDataException($"An Arrow array of {length} values says it has {nulls} nulls.");
        var buffers = new ArrowBuffer[BufferLayout.Of(type).Length];
        for (var i = 0; i < buffers.Length; i++) buffers[i] = NextBuffer();
        if (nulls > 0 && type is not NullType && buffers[0].IsEmpty)
            throw new InvalidDataException($"An Arrow array of {type.Name} says it has {nulls} nulls and has no validity buffer.");
        // No nulls said: what stands in the bitmap does not count.
        if (nulls == 0 && buffers.Length > 0) buffers[0] = ArrowBuffer.Empty;
        var dictionary = type is DictionaryType && !isValues ? Dictionary(path) : null;
        var fields = (type as NestedType)?.Fields ?? [];
        var children = new ArrayData[fields.Count];
        for (var i = 0; i < children.Length; i++) children[i] = Next(fields[i].DataType, [.. path, i]);
        var data = new ArrayData(type, length, -1, 0, buffers, children, dictionary);
        ArrayCheck.All(data);
        return data;
    }

    private ArrayData Dictionary(int[] path)
    {
        var id = ids.Of(path);
        return dictionaries.TryGetValue(id, out var values) ? values : throw new InvalidDataException($"The Arrow data uses dictionary {id} before it is there.");
    }

    private ArrowBuffer NextBuffer()
    {
        if (_buffer >= batch.Count(2, 16)) throw new InvalidDataException("The Arrow batch has fewer buffers than its schema.");
        var place = batch.StructAt(2, _buffer++, 16);
        var (offset, length) = (BinaryPrimitives.ReadInt64LittleEndian(place), BinaryPrimitives.ReadInt64LittleEndian(place[8..]));
        if (offset < 0 || length < 0 || offset > body.Length || length > body.Length - offset)
            throw new InvalidDataException($"A buffer of {length} bytes at {offset} leaves the {body.Length} bytes of the Arrow message.");
        return new ArrowBuffer(body.Slice((int)offset, (int)length));
    }

    private static int Number(long value, string what) =>
        value is >= 0 and <= int.MaxValue - 64 ? (int)value : throw new InvalidDataException($"{what} is {value}; at most {int.MaxValue - 64} are supported.");
}
