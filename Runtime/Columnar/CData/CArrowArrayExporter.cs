using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>
/// Arrays and batches to the C Data Interface, without copying: managed buffers are pinned, native ones retained, until the
/// consumer releases the struct. The exported array stays usable and is disposed by its owner as before, at any time.
/// </summary>
public static unsafe class CArrowArrayExporter
{
    /// <summary>Fills a struct that the caller allocated; the consumer releases it.</summary>
    public static void ExportArray(IArrowArray array, CArrowArray* target) => Fill(target, array.Data, new Keep(array.Slice(0, array.Length)));

    /// <summary>A batch travels as a struct array without nulls.</summary>
    public static void ExportRecordBatch(RecordBatch batch, CArrowArray* target)
    {
        var data = new ArrayData(new StructType(batch.Schema.FieldsList), batch.Length, 0, 0, [ArrowBuffer.Empty], batch.Arrays.Select(a => a.Data).ToArray());
        Fill(target, data, new Keep(batch.Slice(0, batch.Length)));
    }

    private static void Fill(CArrowArray* target, ArrayData data, Keep keep)
    {
        *target = default;
        target->private_data = (void*)GCHandle.ToIntPtr(GCHandle.Alloc(keep));
        target->release = &Release;
        try
        {
            target->length = data.Length;
            target->offset = data.Offset;
            target->null_count = data.NullCount;
            target->buffers = (void**)Native.Alloc<nint>(Math.Max(1, data.Buffers.Length));
            target->n_buffers = data.Buffers.Length;
            for (var i = 0; i < data.Buffers.Length; i++) target->buffers[i] = Pointer(data.Buffers[i], i == 0, keep);
            target->children = (CArrowArray**)Native.Alloc<nint>(Math.Max(1, data.Children.Length));
            foreach (var child in data.Children)
            {
                var made = Native.Alloc<CArrowArray>(1);
                target->children[target->n_children++] = made;
                Fill(made, child, new Keep(null));
            }
            if (data.Dictionary is null) return;
            target->dictionary = Native.Alloc<CArrowArray>(1);
            Fill(target->dictionary, data.Dictionary, new Keep(null));
        }
        catch
        {
            CArrowArray.Free(target);
            throw;
        }
    }

    /// <summary>A validity buffer may be null; other buffers of length zero get an address that is never read.</summary>
    private static void* Pointer(ArrowBuffer buffer, bool mayBeNull, Keep keep)
    {
        if (buffer.IsNative) return buffer.Pointer;
        if (buffer.IsEmpty) return mayBeNull ? null : keep.Pin(new byte[64]);
        return keep.Pin(buffer.Memory);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(CArrowArray* array)
    {
        for (long i = 0; i < array->n_children; i++)
        {
            CArrowArray.Free(array->children[i]);
            NativeMemory.Free(array->children[i]);
        }
        NativeMemory.Free(array->children);
        if (array->dictionary != null)
        {
            CArrowArray.Free(array->dictionary);
            NativeMemory.Free(array->dictionary);
        }
        NativeMemory.Free(array->buffers);
        var handle = GCHandle.FromIntPtr((nint)array->private_data);
        (handle.Target as Keep)?.Dispose();
        handle.Free();
        *array = default;
    }

    /// <summary>What an exported array keeps alive.</summary>
    private sealed class Keep(IDisposable? owner) : IDisposable
    {
        private readonly List<MemoryHandle> _pins = [];

        public void* Pin(ReadOnlyMemory<byte> memory)
        {
            var pin = memory.Pin();
            _pins.Add(pin);
            return pin.Pointer;
        }

        public void Dispose()
        {
            foreach (var pin in _pins) pin.Dispose();
            owner?.Dispose();
        }
    }
}
