using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace FlowForge.Columnar;

/// <summary>Streams to the C Stream Interface.</summary>
public static unsafe class CArrowArrayStreamExporter
{
    private const int IoError = 5;

    /// <summary>Fills a struct that the caller allocated. The stream belongs to it from now on and is disposed by its release callback.</summary>
    public static void ExportArrayStream(IArrowArrayStream stream, CArrowArrayStream* target)
    {
        *target = default;
        target->get_schema = &GetSchema;
        target->get_next = &GetNext;
        target->get_last_error = &GetLastError;
        target->release = &Release;
        target->private_data = (void*)GCHandle.ToIntPtr(GCHandle.Alloc(new State(stream)));
    }

    private static State Of(CArrowArrayStream* stream) => (State)GCHandle.FromIntPtr((nint)stream->private_data).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetSchema(CArrowArrayStream* stream, CArrowSchema* target)
    {
        try
        {
            CArrowSchemaExporter.ExportSchema(Of(stream).Stream.Schema, target);
            return 0;
        }
        catch (Exception e)
        {
            return Of(stream).Fail(e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetNext(CArrowArrayStream* stream, CArrowArray* target)
    {
        try
        {
            *target = default;
            using var batch = Of(stream).Stream.ReadNextRecordBatch();
            // A released struct says that the stream has ended.
            if (batch is not null) CArrowArrayExporter.ExportRecordBatch(batch, target);
            return 0;
        }
        catch (Exception e)
        {
            return Of(stream).Fail(e);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetLastError(CArrowArrayStream* stream) => Of(stream).LastError;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(CArrowArrayStream* stream)
    {
        var handle = GCHandle.FromIntPtr((nint)stream->private_data);
        try
        {
            (handle.Target as State)?.Dispose();
        }
        catch
        {
            // The consumer is done; a stream that fails while closing has nobody to tell.
        }
        handle.Free();
        *stream = default;
    }

    private sealed class State(IArrowArrayStream stream) : IDisposable
    {
        public IArrowArrayStream Stream => stream;
        public byte* LastError { get; private set; }

        public int Fail(Exception e)
        {
            Marshal.FreeCoTaskMem((nint)LastError);
            LastError = (byte*)Marshal.StringToCoTaskMemUTF8(e.Message);
            return IoError;
        }

        public void Dispose()
        {
            Marshal.FreeCoTaskMem((nint)LastError);
            stream.Dispose();
        }
    }
}

/// <summary>Streams from the C Stream Interface.</summary>
public static unsafe class CArrowArrayStreamImporter
{
    /// <summary>Moves the struct; disposing the stream releases it. Batches stay readable after that until they are disposed.</summary>
    /// <exception cref="InvalidDataException">It is released already, or gives no schema (with the producer's message).</exception>
    public static IArrowArrayStream ImportArrayStream(CArrowArrayStream* source)
    {
        if (source->release == null) throw new InvalidDataException("The Arrow stream is already released.");
        return new Imported(source);
    }

    private sealed class Imported : IArrowArrayStream
    {
        private CArrowArrayStream* _stream;

        public Imported(CArrowArrayStream* source)
        {
            _stream = Native.Alloc<CArrowArrayStream>(1);
            *_stream = *source;
            source->release = null;
            try
            {
                CArrowSchema schema = default;
                Check(_stream->get_schema(_stream, &schema), "its schema");
                Schema = CArrowSchemaImporter.ImportSchema(&schema);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        ~Imported() => Dispose();

        public Schema Schema { get; }

        public RecordBatch? ReadNextRecordBatch()
        {
            ObjectDisposedException.ThrowIf(_stream == null, this);
            CArrowArray array = default;
            Check(_stream->get_next(_stream, &array), "the next batch");
            return array.release == null ? null : CArrowArrayImporter.ImportRecordBatch(&array, Schema);
        }

        private void Check(int code, string what)
        {
            if (code == 0) return;
            var error = _stream->get_last_error(_stream);
            var text = error == null ? "no message" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(error));
            throw new InvalidDataException($"The Arrow stream failed to give {what} (error {code}): {text}");
        }

        public void Dispose()
        {
            if (_stream == null) return;
            CArrowArrayStream.Free(_stream);
            NativeMemory.Free(_stream);
            _stream = null;
            GC.SuppressFinalize(this);
        }
    }
}
