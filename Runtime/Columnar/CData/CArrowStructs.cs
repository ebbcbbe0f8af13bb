using System.Runtime.InteropServices;

namespace FlowForge.Columnar;

/// <summary>
/// ArrowSchema of the Arrow C Data Interface. A struct whose <see cref="release"/> is null is released (or was moved). Names as in
/// the specification.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct CArrowSchema
{
#pragma warning disable IDE1006 // the specification's names
    public byte* format;
    public byte* name;
    public byte* metadata;
    public long flags;
    public long n_children;
    public CArrowSchema** children;
    public CArrowSchema* dictionary;
    public delegate* unmanaged[Cdecl]<CArrowSchema*, void> release;
    public void* private_data;

    internal const long DictionaryOrdered = 1;
    internal const long Nullable = 2;
    internal const long MapKeysSorted = 4;

    /// <summary>Releases what it holds, if anything.</summary>
    public static void Free(CArrowSchema* schema)
    {
        if (schema->release != null) schema->release(schema);
    }
}

/// <summary>ArrowArray of the Arrow C Data Interface.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct CArrowArray
{
    public long length;
    public long null_count;
    public long offset;
    public long n_buffers;
    public long n_children;
    public void** buffers;
    public CArrowArray** children;
    public CArrowArray* dictionary;
    public delegate* unmanaged[Cdecl]<CArrowArray*, void> release;
    public void* private_data;

    /// <summary>Releases what it holds, if anything.</summary>
    public static void Free(CArrowArray* array)
    {
        if (array->release != null) array->release(array);
    }
}

/// <summary>ArrowArrayStream of the Arrow C Stream Interface. Callbacks return 0 or an errno value; one caller at a time.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct CArrowArrayStream
{
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, CArrowSchema*, int> get_schema;
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, CArrowArray*, int> get_next;
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, byte*> get_last_error;
    public delegate* unmanaged[Cdecl]<CArrowArrayStream*, void> release;
    public void* private_data;
#pragma warning restore IDE1006

    /// <summary>Releases what it holds, if anything.</summary>
    public static void Free(CArrowArrayStream* stream)
    {
        if (stream->release != null) stream->release(stream);
    }
}
