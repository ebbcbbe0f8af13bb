namespace FlowForge.Columnar;

/// <summary>Checks of arrays that come from outside. After <see cref="All"/> every read of a value stays inside its buffers.</summary>
internal static class ArrayCheck
{
    /// <exception cref="InvalidDataException">The parts do not fit each other; the message says which.</exception>
    public static void All(ArrayData data)
    {
        var end = data.Offset + data.Length;
        var layout = BufferLayout.Of(data.Type);
        for (var i = 0; i < layout.Length; i++)
        {
            if (i == 0 && data.Buffers[0].IsEmpty) continue;
            // No values, no buffers: an empty array may leave its offsets out.
            if (end == 0 && data.Buffers[i].IsEmpty) continue;
            var needed = BufferLayout.Needed(layout[i], data.Type, end);
            if (data.Buffers[i].Length < needed)
                throw new InvalidDataException($"Buffer {i} of a {data.Type.Name} array of {end} values has {data.Buffers[i].Length} bytes, {needed} are needed.");
        }
        Offsets(data);
        Children(data);
        if (data.Dictionary is not null) Indices(data, data.Dictionary.Length);
    }

    /// <summary>Children long enough for their parent.</summary>
    public static void Children(ArrayData data)
    {
        var end = data.Offset + data.Length;
        long needed = data.Type switch
        {
            StructType => end,
            FixedSizeListType t => (long)end * t.ListSize,
            ListType or MapType when data.Length > 0 => data.Buffers[1].As<int>()[end],
            LargeListType when data.Length > 0 => data.Buffers[1].As<long>()[end],
            _ => 0,
        };
        foreach (var child in data.Children)
        {
            if (child.Length < needed)
                throw new InvalidDataException($"A child of a {data.Type.Name} array has {child.Length} values, {needed} are needed.");
        }
    }

    private static void Offsets(ArrayData data)
    {
        if (data.Length == 0) return;
        var end = data.Offset + data.Length;
        var limit = data.Type switch
        {
            StringType or BinaryType or LargeStringType or LargeBinaryType => data.Buffers[2].Length,
            ListType or MapType or LargeListType => data.Children[0].Length,
            _ => -1,
        };
        if (limit < 0) return;
        long before = 0;
        var isLong = BufferLayout.HasLongOffsets(data.Type);
        var ints = isLong ? default : data.Buffers[1].As<int>();
        var longs = isLong ? data.Buffers[1].As<long>() : default;
        for (var i = data.Offset; i <= end; i++)
        {
            var offset = isLong ? longs[i] : ints[i];
            if (offset < before || offset > limit)
                throw new InvalidDataException($"Offset {i} of a {data.Type.Name} array is {offset}; it must be between {before} and {limit}.");
            before = offset;
        }
    }

    private static void Indices(ArrayData data, int entries)
    {
        using var array = new DictionaryArray(data);
        for (var i = 0; i < data.Length; i++)
        {
            if (array.IsNull(i)) continue;
            int index;
            try
            {
                index = array.GetIndex(i);
            }
            catch (OverflowException)
            {
                index = int.MaxValue;
            }
            if (index < 0 || index >= entries)
                throw new InvalidDataException($"Value {i} of a {data.Type.Name} array points at entry {index} of {entries}.");
        }
    }
}
