using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>
/// The table function through which all managed sources are read: <c>ff_source(id)</c>. Every callback catches, since an exception
/// that reaches native code ends the process.
/// </summary>
internal static unsafe class SourceFunction
{
    public const string Name = "ff_source";
    private static readonly int VectorSize = checked((int)Api.VectorSize());

    public static void Register(nint connection, SourceRegistry registry)
    {
        var function = Api.CreateTableFunction();
        using var bigint = new LogicalType(Api.CreateLogicalType(TypeId.BigInt));
        try
        {
            Api.TableFunctionName(function, Name);
            Api.TableFunctionParameter(function, bigint.Handle);
            Api.TableFunctionExtra(function, GCHandle.ToIntPtr(GCHandle.Alloc(registry)), &FreeHandle);
            Api.TableFunctionBind(function, &Bind);
            Api.TableFunctionInit(function, &Init);
            Api.TableFunctionLocalInit(function, &LocalInit);
            Api.TableFunctionBody(function, &Fill);
            Api.TableFunctionProjection(function, true);
            if (Api.RegisterTableFunction(connection, function) != DuckState.Success)
                throw new DuckException(DuckErrorKind.Internal, "DuckDB refused the table function of managed sources.");
        }
        finally
        {
            Api.DestroyTableFunction(ref function);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bind(nint info)
    {
        try
        {
            var registry = (SourceRegistry)GCHandle.FromIntPtr(Api.BindExtra(info)).Target!;
            var parameter = Api.BindParameter(info, 0);
            var id = Api.GetInt64(parameter);
            Api.DestroyValue(ref parameter);
            if (registry.Find(id) is not { } source)
            {
                Api.BindError(info, "The managed source is gone: its session was closed or it was unregistered.");
                return;
            }
            foreach (var field in source.Schema.FieldsList)
            {
                using var type = SourceTypes.ToDuck(field.DataType);
                Api.BindColumn(info, field.Name, type.Handle);
            }
            Api.BindSetData(info, GCHandle.ToIntPtr(GCHandle.Alloc(source)), &FreeHandle);
        }
        catch (Exception e)
        {
            Api.BindError(info, e.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Init(nint info)
    {
        try
        {
            var source = (ManagedSource)GCHandle.FromIntPtr(Api.InitBindData(info)).Target!;
            var columns = new int[checked((int)Api.InitColumnCount(info))];
            for (var i = 0; i < columns.Length; i++)
            {
                // Virtual columns (row id, the empty column of count(*)) have numbers far above any real one.
                var index = Api.InitColumnIndex(info, (ulong)i);
                columns[i] = index < (ulong)source.Schema.FieldsList.Count ? (int)index : -1;
            }
            Api.InitMaxThreads(info, (ulong)Math.Max(1, source.Session.Database.Options.Threads ?? Environment.ProcessorCount));
            Api.InitSetData(info, GCHandle.ToIntPtr(GCHandle.Alloc(new SourceScan(source, columns))), &DisposeHandle);
        }
        catch (Exception e)
        {
            Api.InitError(info, e.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void LocalInit(nint info)
    {
        try
        {
            // A thread's init cannot see the global state; the cursor is made at the first fill.
            Api.InitSetData(info, GCHandle.ToIntPtr(GCHandle.Alloc(new CursorSlot())), &DisposeHandle);
        }
        catch (Exception e)
        {
            Api.InitError(info, e.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Fill(nint info, nint chunk)
    {
        ManagedSource? source = null;
        try
        {
            var scan = (SourceScan)GCHandle.FromIntPtr(Api.FunctionInitData(info)).Target!;
            var slot = (CursorSlot)GCHandle.FromIntPtr(Api.FunctionLocalData(info)).Target!;
            source = scan.Source;
            var cursor = slot.Cursor ??= new SourceCursor(scan);
            var count = checked((int)Api.ChunkColumnCount(chunk));
            var vectors = slot.Vectors.Length == count ? slot.Vectors : slot.Vectors = new nint[count];
            for (var i = 0; i < count; i++) vectors[i] = Api.ChunkVector(chunk, (ulong)i);
            Api.SetChunkSize(chunk, (ulong)cursor.Fill(vectors, VectorSize));
        }
        catch (Exception e)
        {
            Fail(info, source, e);
        }
    }

    private static void Fail(nint info, ManagedSource? source, Exception e)
    {
        try
        {
            Api.FunctionError(info, source is null ? e.Message : source.Registry.Keep($"Source '{source.Name}' failed", e));
        }
        catch
        {
            Api.FunctionError(info, "A managed source failed.");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FreeHandle(nint handle)
    {
        if (handle != 0) GCHandle.FromIntPtr(handle).Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void DisposeHandle(nint handle)
    {
        if (handle == 0) return;
        var gc = GCHandle.FromIntPtr(handle);
        try
        {
            (gc.Target as IDisposable)?.Dispose();
        }
        catch
        {
            // The statement has ended; a source that fails while closing changes nothing about its rows.
        }
        gc.Free();
    }

    /// <summary>A thread's cursor and its scratch.</summary>
    private sealed class CursorSlot : IDisposable
    {
        public SourceCursor? Cursor;
        public nint[] Vectors = [];
        public void Dispose() => Cursor?.Dispose();
    }
}
