using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FlowForge.Columnar.Tests;

public sealed unsafe class CDataTests
{
    [Fact]
    public void Schema_ExportImport_IsEqualWithMetadata()
    {
        CArrowSchema native;
        CArrowSchemaExporter.ExportSchema(Samples.Schema, &native);
        var back = CArrowSchemaImporter.ImportSchema(&native);
        Assert.Equal(Samples.Schema, back);
        Assert.Equal("FlowForge", back.Metadata["origin"]);
        Assert.Equal("😀", back.GetFieldByName("i64")!.Metadata["ü"]);
        Assert.True(native.release == null);
        var copy = native;
        Assert.Equal("The Arrow schema is already released.", Assert.Throws<InvalidDataException>(() => Import(copy)).Message);
        static void Import(CArrowSchema s) => CArrowSchemaImporter.ImportSchema(&s);
    }

    [Fact]
    public void Batch_ExportImport_IsTheSameRowsWithoutCopy()
    {
        var batch = Samples.Batch(0, 50);
        CArrowArray native;
        CArrowArrayExporter.ExportRecordBatch(batch, &native);
        // The exporter keeps what it needs: the owner may go.
        batch.Dispose();
        var back = CArrowArrayImporter.ImportRecordBatch(&native, Samples.Schema);
        Assert.True(native.release == null);
        GC.Collect();
        Samples.AssertRows(back, 0);
        using (var slice = back.Slice(7, 20))
        {
            back.Dispose();
            // The slice keeps the native memory.
            Samples.AssertRows(slice, 7);
        }
    }

    [Fact]
    public void Slice_ExportImport_KeepsItsWindow()
    {
        using var batch = Samples.Batch(0, 50);
        using var slice = batch.Slice(11, 9);
        CArrowArray native;
        CArrowArrayExporter.ExportRecordBatch(slice, &native);
        using var back = CArrowArrayImporter.ImportRecordBatch(&native, Samples.Schema);
        Samples.AssertRows(back, 11);
    }

    private static int _released;

    [Fact]
    public void Import_DisposeOfLastUser_ReleasesOnce()
    {
        _released = 0;
        var native = Bare(3);
        var array = (Int32Array)CArrowArrayImporter.ImportArray(&native, Int32Type.Default);
        Assert.True(native.release == null);
        Assert.Equal([1, 2, 3], array.Values.ToArray());
        var slice = array.Slice(1, 2);
        array.Dispose();
        array.Dispose();
        Assert.Equal(0, _released);
        Assert.Equal(3, slice.GetObject(1));
        slice.Dispose();
        Assert.Equal(1, _released);
    }

    [Fact]
    public void Import_DoesNotFit_ReleasesAndThrows()
    {
        _released = 0;
        var text = Bare(3);
        Assert.Equal("The Arrow array of string has 2 buffers, 3 are needed.", Fail(text, StringType.Default));
        var child = Bare(3);
        Assert.Equal("The Arrow array of struct<a: int32> has 2 buffers, 1 are needed.", Fail(child, new StructType([new Field("a", Int32Type.Default)])));
        var length = Bare(3);
        length.length = -1;
        Assert.Equal("The Arrow array of int32 says it has -1 values from 0.", Fail(length, Int32Type.Default));
        Assert.Equal(3, _released);

        static string Fail(CArrowArray a, IArrowType type) => Assert.Throws<InvalidDataException>(() => Import(a, type)).Message;
        static void Import(CArrowArray a, IArrowType type) => CArrowArrayImporter.ImportArray(&a, type).Dispose();
    }

    [Fact]
    public void Import_ForgottenArray_IsReleasedByTheFinalizer()
    {
        _released = 0;
        Forget();
        for (var i = 0; i < 10 && Volatile.Read(ref _released) == 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal(1, _released);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget()
        {
            var native = Bare(3);
            CArrowArrayImporter.ImportArray(&native, Int32Type.Default).GetObject(0);
        }
    }

    [Fact]
    public void Stream_ExportImport_GivesAllBatchesAndErrors()
    {
        static IEnumerable<RecordBatch> Batches()
        {
            yield return Samples.Batch(0, 10);
            yield return Samples.Batch(10, 5);
            throw new InvalidOperationException("the disk is gone");
        }
        CArrowArrayStream native;
        CArrowArrayStreamExporter.ExportArrayStream(new ArrowArrayStream(Samples.Schema, Batches()), &native);
        using var stream = CArrowArrayStreamImporter.ImportArrayStream(&native);
        Assert.True(native.release == null);
        Assert.Equal(Samples.Schema, stream.Schema);
        using var first = stream.ReadNextRecordBatch()!;
        using var second = stream.ReadNextRecordBatch()!;
        Samples.AssertRows(first, 0);
        Samples.AssertRows(second, 10);
        var e = Assert.Throws<InvalidDataException>(() => stream.ReadNextRecordBatch());
        Assert.Equal("The Arrow stream failed to give the next batch (error 5): the disk is gone", e.Message);
        stream.Dispose();
        Assert.Throws<ObjectDisposedException>(() => stream.ReadNextRecordBatch());
        Samples.AssertRows(second, 10);
    }

    [Fact]
    public void Stream_End_IsNull()
    {
        CArrowArrayStream native;
        CArrowArrayStreamExporter.ExportArrayStream(new ArrowArrayStream(Samples.Schema, []), &native);
        using var stream = CArrowArrayStreamImporter.ImportArrayStream(&native);
        Assert.Null(stream.ReadNextRecordBatch());
    }

    [Theory]
    [InlineData("+us:0,1")]
    [InlineData("vu")]
    [InlineData("d:40,2,256")]
    [InlineData("tsx:")]
    [InlineData("what")]
    public void Schema_UnsupportedFormat_IsRefusedByName(string format)
    {
        var text = (byte*)Marshal.StringToCoTaskMemUTF8(format);
        var native = new CArrowSchema { format = text, release = &ReleaseSchema };
        var e = Assert.Throws<NotSupportedException>(() => Import(native));
        Assert.Contains($"'{format}'", e.Message, StringComparison.Ordinal);
        Marshal.FreeCoTaskMem((nint)text);
        static void Import(CArrowSchema s) => CArrowSchemaImporter.ImportType(&s);
    }

    /// <summary>An int32 array as a foreign producer makes it.</summary>
    private static CArrowArray Bare(int count)
    {
        var values = (int*)NativeMemory.Alloc((nuint)count * 4);
        for (var i = 0; i < count; i++) values[i] = i + 1;
        var buffers = (void**)NativeMemory.AllocZeroed(2, (nuint)sizeof(void*));
        buffers[1] = values;
        return new CArrowArray { length = count, n_buffers = 2, buffers = buffers, release = &ReleaseArray };
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleaseArray(CArrowArray* array)
    {
        Interlocked.Increment(ref _released);
        NativeMemory.Free(array->buffers[1]);
        NativeMemory.Free(array->buffers);
        array->release = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ReleaseSchema(CArrowSchema* schema) => schema->release = null;
}
