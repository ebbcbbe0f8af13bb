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

    /// <summary>Registers the function of one instance.</summary>
    public static void Register(nint connection, SourceRegistry registry) => Register(connection, Name, [TypeId.BigInt], new Binding(args =>
        registry.Find((long)args[0]!) ?? throw new InvalidOperationException("The managed source is gone: its session was closed or it was unregistered."), registry));

    /// <summary>Registers any function whose arguments decide what is scanned.</summary>
    public static void Register(nint connection, string name, IReadOnlyList<TypeId> parameters, Binding binding)
    {
        var function = Api.CreateTableFunction();
        try
        {
            Api.TableFunctionName(function, name);
            foreach (var parameter in parameters)
            {
                using var type = new LogicalType(Api.CreateLogicalType(parameter));
                Api.TableFunctionParameter(function, type.Handle);
            }
            Api.TableFunctionExtra(function, GCHandle.ToIntPtr(GCHandle.Alloc(binding)), &FreeHandle);
            Api.TableFunctionBind(function, &Bind);
            Api.TableFunctionInit(function, &Init);
            Api.TableFunctionLocalInit(function, &LocalInit);
            Api.TableFunctionBody(function, &Fill);
            Api.TableFunctionProjection(function, true);
            if (Api.RegisterTableFunction(connection, function) != DuckState.Success)
                throw new DuckException(DuckErrorKind.Catalog, $"DuckDB refused the table function '{name}': there is one of this name already.");
        }
        finally
        {
            Api.DestroyTableFunction(ref function);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bind(nint info)
    {
        Binding? binding = null;
        try
        {
            binding = (Binding)GCHandle.FromIntPtr(Api.BindExtra(info)).Target!;
            var args = new object?[checked((int)Api.BindParameterCount(info))];
            for (var i = 0; i < args.Length; i++) args[i] = Argument(info, i);
            var source = binding.Resolve(info, args);
            foreach (var field in source.Schema.FieldsList)
            {
                using var type = SourceTypes.ToDuck(field.DataType);
                Api.BindColumn(info, field.Name, type.Handle);
            }
            Api.BindSetData(info, GCHandle.ToIntPtr(GCHandle.Alloc(source)), &FreeHandle);
        }
        catch (Exception e)
        {
            Api.BindError(info, Say(binding?.Faults, "A table function could not be bound", e));
        }
    }

    private static object? Argument(nint info, int index)
    {
        var value = Api.BindParameter(info, (ulong)index);
        try
        {
            if (Api.IsNull(value)) return null;
            // duckdb_get_value_type borrows: the type is not destroyed.
            return Api.GetTypeId(Api.ValueType(value)) switch
            {
                TypeId.BigInt => Api.GetInt64(value),
                TypeId.Double => Api.GetDouble(value),
                TypeId.Boolean => Api.GetBool(value),
                _ => Text.Owned(Api.GetVarchar(value)),
            };
        }
        finally
        {
            Api.DestroyValue(ref value);
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
            Api.FunctionError(info, Say(source?.Registry, source is null ? "A managed source failed" : $"{source.Kind} '{source.Name}' failed", e));
        }
    }

    /// <summary>Text for DuckDB by which the exception is found again; never throws.</summary>
    private static string Say(SourceRegistry? faults, string what, Exception e)
    {
        try
        {
            return faults is null ? e.Message : faults.Keep(what, e);
        }
        catch
        {
            return "A managed source failed.";
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
