using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>
/// Arrays and batches from the C Data Interface, without copying: the struct is moved, and released when the last array (or
/// slice) over it is disposed.
/// </summary>
/// <remarks>The interface carries no buffer lengths: the producer is trusted for them. Counts and offsets are checked.</remarks>
public static unsafe class CArrowArrayImporter
{
    private const int MaxDepth = 64;

    /// <exception cref="InvalidDataException">Released already, or it does not fit the type; the struct is released then.</exception>
    public static IArrowArray ImportArray(CArrowArray* source, IArrowType type)
    {
        var moved = new Moved(source);
        try
        {
            return ArrowArrayFactory.Build(Read(moved.Array, type, moved, 0));
        }
        finally
        {
            // The arrays made hold their own references by now.
            moved.Release();
        }
    }

    /// <inheritdoc cref="ImportArray"/>
    public static RecordBatch ImportRecordBatch(CArrowArray* source, Schema schema)
    {
        var moved = new Moved(source);
        try
        {
            var data = Read(moved.Array, new StructType(schema.FieldsList), moved, 0);
            if (data.NullCount != 0) throw new InvalidDataException("A record batch travels as a struct without nulls; this one has some.");
            var columns = data.Children.Select(c => ArrowArrayFactory.Build(c.Slice(data.Offset, data.Length)));
            return new RecordBatch(schema, columns, data.Length);
        }
        finally
        {
            moved.Release();
        }
    }

    private static ArrayData Read(CArrowArray* source, IArrowType type, Moved owner, int depth)
    {
        if (source == null || depth > MaxDepth) throw new InvalidDataException($"The Arrow array of {type.Name} has a null child or is nested too deep.");
        if (source->length < 0 || source->offset < 0 || source->length + source->offset > int.MaxValue)
            throw new InvalidDataException($"The Arrow array of {type.Name} says it has {source->length} values from {source->offset}.");
        var (length, offset) = ((int)source->length, (int)source->offset);
        var layout = BufferLayout.Of(type);
        // Producers before Arrow 1.0 gave null arrays a validity buffer.
        if (source->n_buffers != layout.Length && !(type is NullType && source->n_buffers == 1))
            throw new InvalidDataException($"The Arrow array of {type.Name} has {source->n_buffers} buffers, {layout.Length} are needed.");
        var buffers = new ArrowBuffer[layout.Length];
        for (var i = 0; i < layout.Length; i++)
        {
            var bytes = layout[i] == BufferKind.Bytes ? LastOffset(buffers[i - 1], type, offset + length) : BufferLayout.Needed(layout[i], type, offset + length);
            if (source->buffers[i] == null)
            {
                if (bytes > 0 && i > 0 && length > 0) throw new InvalidDataException($"Buffer {i} of the Arrow array of {type.Name} is null.");
                continue;
            }
            buffers[i] = new ArrowBuffer((byte*)source->buffers[i], checked((int)bytes));
        }
        if (length > 0 && source->null_count > 0 && type is not NullType && buffers[0].IsEmpty)
            throw new InvalidDataException($"The Arrow array of {type.Name} says it has {source->null_count} nulls and has no validity buffer.");
        var fields = (type as NestedType)?.Fields ?? [];
        if (source->n_children != fields.Count)
            throw new InvalidDataException($"The Arrow array of {type.Name} has {source->n_children} children, {fields.Count} are needed.");
        var children = new ArrayData[fields.Count];
        for (var i = 0; i < children.Length; i++) children[i] = Read(source->children[i], fields[i].DataType, owner, depth + 1);
        var dictionary = type is DictionaryType d ? Read(source->dictionary, d.ValueType, owner, depth + 1) : null;
        var data = new ArrayData(type, length, source->null_count > length ? -1 : (int)source->null_count, offset, buffers, children, dictionary, owner);
        ArrayCheck.Children(data);
        return data;
    }

    private static long LastOffset(ArrowBuffer offsets, IArrowType type, int end)
    {
        if (offsets.IsEmpty) return 0;
        var last = BufferLayout.HasLongOffsets(type) ? offsets.As<long>()[end] : offsets.As<int>()[end];
        return last is >= 0 and <= int.MaxValue ? last : throw new InvalidDataException($"The Arrow array of {type.Name} ends at byte {last}.");
    }

    /// <summary>The moved struct: its release callback runs when nobody reads the memory any more, for forgotten arrays by the finalizer.</summary>
    private sealed class Moved : SharedMemory
    {
        public Moved(CArrowArray* source)
        {
            if (source->release == null)
            {
                GC.SuppressFinalize(this);
                throw new InvalidDataException("The Arrow array is already released.");
            }
            Array = Native.Alloc<CArrowArray>(1);
            *Array = *source;
            source->release = null;
        }

        public CArrowArray* Array { get; }

        ~Moved() => Free();

        protected override void Free()
        {
            CArrowArray.Free(Array);
            NativeMemory.Free(Array);
#pragma warning disable CA1816 // the dispose pattern, by count
            GC.SuppressFinalize(this);
#pragma warning restore CA1816
        }
    }
}
